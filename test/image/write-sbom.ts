import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { projectRoot } from '#libs/testing/project-root'
import { makeSbom } from './make-sbom.js'

/** `npm run sbom`: writes what the image holds to `dist/sbom.cdx.json`, as CycloneDX. */
const sbom = await makeSbom()
await writeFile(join(projectRoot, 'dist/sbom.cdx.json'), `${JSON.stringify(sbom, null, 2)}\n`)
console.log(`dist/sbom.cdx.json: ${sbom.components.length} components`)
