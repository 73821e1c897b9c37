#!/bin/sh
# Makes the Secrets that Weir asks for, each once: one that is there is left as it is. For clusters without a store of secrets.
#
#   SMTP_URL=smtps://user:password@relay.example.org k8s/make-secrets.sh [NAMESPACE]
#
# With BACKUP_ACCESS_KEY_ID and BACKUP_SECRET_ACCESS_KEY also that by which MongoDB reaches the store of its backups.
# Needs kubectl and openssl. Keep copies of what it makes outside of the cluster: without SECRETS_KEY no link that was sent can be
# opened, and without AUDIT_SIGNING_KEY the audit log cannot be continued.
set -eu
: "${SMTP_URL:?the mail relay, smtp:// or smtps://}"
namespace=${1:-weir}
kubectl=${KUBECTL:-kubectl}

exists() {
  $kubectl --namespace "$namespace" get secret "$1" >/dev/null 2>&1
}

make() {
  name=$1
  shift
  if exists "$name"; then echo "secret/$name is there"; else
    $kubectl --namespace "$namespace" create secret generic "$name" "$@"
  fi
}

key32() {
  openssl rand -base64 32
}

if ! exists weir-mongodb-passwords; then
  set --
  for user in ingestion classification enforcement notification migrations; do
    set -- "$@" "--from-literal=$user=$(openssl rand -hex 24)"
  done
  make weir-mongodb-passwords "$@"
fi

uri() {
  password=$($kubectl --namespace "$namespace" get secret weir-mongodb-passwords --output "jsonpath={.data.$1}" | base64 -d)
  echo "mongodb://weir_$1:$password@weir-mongodb-rs0.$namespace.svc.cluster.local/?replicaSet=rs0&authSource=admin&tls=true&tlsCAFile=/etc/weir/mongodb/ca.crt"
}

make ingestion-secrets "--from-literal=MONGODB_URI=$(uri ingestion)"
make classification-secrets "--from-literal=MONGODB_URI=$(uri classification)"
make migrations-secrets "--from-literal=MONGODB_URI=$(uri migrations)"
make enforcement-secrets "--from-literal=MONGODB_URI=$(uri enforcement)" "--from-literal=SECRETS_KEY=$(key32)" \
  "--from-literal=AUDIT_SIGNING_KEY=$(openssl genpkey -algorithm ed25519)"
make notification-secrets "--from-literal=MONGODB_URI=$(uri notification)" "--from-literal=SECRETS_KEY=$(key32)" \
  "--from-literal=SMTP_URL=$SMTP_URL"
if [ -n "${BACKUP_ACCESS_KEY_ID:-}" ]; then
  make weir-mongodb-backup-store "--from-literal=AWS_ACCESS_KEY_ID=$BACKUP_ACCESS_KEY_ID" \
    "--from-literal=AWS_SECRET_ACCESS_KEY=${BACKUP_SECRET_ACCESS_KEY:?}"
fi
