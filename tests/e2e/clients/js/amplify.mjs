// Amplify v6: its functions under their own names, and `configure` for Amplify.configure.
import { Amplify } from 'aws-amplify';
import * as auth from 'aws-amplify/auth';
import { advance } from './time.mjs';

// Amplify names devices by it, and remembers none where it is missing: before version 21 Node.js has no navigator.
globalThis.navigator ??= { userAgent: `Node.js/${process.versions.node.split('.')[0]}` };

const { fetchAuthSession, setUpTOTP, ...others } = auth;

export const calls = {
  ...others,
  autoSignIn: () => auth.autoSignIn(), // its value changes with what was confirmed
  advance,
  configure: (cognito) => Amplify.configure({ Auth: { Cognito: cognito } }),

  async fetchAuthSession(options) {
    const { tokens, userSub } = await fetchAuthSession(options);
    return tokens && { idToken: `${tokens.idToken}`, accessToken: `${tokens.accessToken}`, userSub };
  },

  async setUpTOTP() {
    const details = await setUpTOTP();
    return { sharedSecret: details.sharedSecret, uri: `${details.getSetupUri('dewstack', 'ada')}` };
  },
};
