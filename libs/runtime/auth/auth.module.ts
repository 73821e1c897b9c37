import { Global, Module } from '@nestjs/common'
import { DiscoveryModule } from '@nestjs/core'
import type { ServiceEnv } from '../env.js'
import { ENV } from '../tokens.js'
import { AdmitCallers } from './admit-callers.js'
import { Routes } from './routes.js'
import { TokenVerifier, tokenVerifier } from './token-verifier.js'

/** Who stands behind a token, and which route is for whom. */
@Global()
@Module({
  imports: [DiscoveryModule],
  providers: [
    { provide: TokenVerifier, inject: [ENV], useFactory: (env: ServiceEnv) => tokenVerifier(env) },
    Routes,
    AdmitCallers,
  ],
  exports: [TokenVerifier, Routes, AdmitCallers],
})
export class AuthModule {}
