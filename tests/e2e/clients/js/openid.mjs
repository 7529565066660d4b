// openid-client v6: the code flow with PKCE, state and nonce, and what follows it.
import * as client from 'openid-client';

let configuration;
let expected;

const plain = (tokens) => ({ ...tokens, claims: tokens.claims() });

export const calls = {
  async discover(issuer, clientId, secret) {
    const insecure = { execute: [client.allowInsecureRequests] };
    configuration = await client.discovery(new URL(issuer), clientId, secret || undefined, undefined, insecure);
    return configuration.serverMetadata();
  },

  // Where the browser is sent.
  async begin(redirectUri, scope, parameters = {}) {
    const verifier = client.randomPKCECodeVerifier();
    expected = {
      pkceCodeVerifier: verifier,
      expectedState: client.randomState(),
      expectedNonce: client.randomNonce(),
      idTokenExpected: true,
    };
    const url = client.buildAuthorizationUrl(configuration, {
      redirect_uri: redirectUri,
      scope,
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state: expected.expectedState,
      nonce: expected.expectedNonce,
      ...parameters,
    });
    return url.href;
  },

  // What the address that the browser came back to is good for.
  finish: async (url) => plain(await client.authorizationCodeGrant(configuration, new URL(url), expected)),

  refresh: async (token) => plain(await client.refreshTokenGrant(configuration, token)),
  userInfo: (token, subject) => client.fetchUserInfo(configuration, token, subject),
  revoke: (token) => client.tokenRevocation(configuration, token),
  credentials: (scope) => client.clientCredentialsGrant(configuration, scope ? { scope } : {}),
  signOut: (parameters) => client.buildEndSessionUrl(configuration, parameters).href,
};
