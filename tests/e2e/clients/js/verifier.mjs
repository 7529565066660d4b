// aws-jwt-verify: a CognitoJwtVerifier that has the pool's keys from the emulator.
import { CognitoJwtVerifier } from 'aws-jwt-verify';
import { advance } from './time.mjs';

let verifier;

export const calls = {
  // Fields are those of CognitoJwtVerifier.create.
  async configure(endpoint, properties) {
    verifier = CognitoJwtVerifier.create(properties);
    const keys = await fetch(`${endpoint}/${properties.userPoolId}/.well-known/jwks.json`);
    verifier.cacheJwks(await keys.json());
  },

  advance,
  verify: (token) => verifier.verify(token),
};
