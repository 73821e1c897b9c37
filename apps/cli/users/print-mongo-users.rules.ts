import { type MongoUser, USERS_DATABASE } from '#libs/contracts/mongo-access'
import { type AccessPlan, passwordVariable } from './plan-access.rules.js'

const HEADER = `// Users and roles on MongoDB, for mongosh as an administrator. A user that is not there yet gets the password from its variable,
// or mongosh asks for it; a role that is there gets the privileges below.
const users = db.getSiblingDB('${USERS_DATABASE}')
function put(name, variable, privileges) {
  if (users.getRole(name)) users.updateRole(name, { privileges, roles: [] })
  else users.createRole({ role: name, privileges, roles: [] })
  const roles = [{ role: name, db: '${USERS_DATABASE}' }]
  if (users.getUser(name)) users.updateUser(name, { roles })
  else users.createUser({ user: name, pwd: process.env[variable] ?? passwordPrompt(), roles })
}
`

/** A script for mongosh that makes the users of MongoDB with a role each, and may be run again. */
export function mongoScript({ mongo }: AccessPlan): string {
  return [HEADER, ...mongo.map(userLines)].join('\n')
}

function userLines({ name, privileges }: MongoUser): string {
  const lines = privileges.map((privilege) => `  ${JSON.stringify(privilege)},\n`)
  return `put('${name}', '${passwordVariable(name)}', [\n${lines.join('')}])\n`
}
