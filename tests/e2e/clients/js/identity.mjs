// amazon-cognito-identity-js: methods of a user under their own names. What has callbacks gives which one was called.
import {
  AuthenticationDetails,
  CognitoUser,
  CognitoUserAttribute,
  CognitoUserPool,
} from 'amazon-cognito-identity-js';

const CALLBACKS = [
  'onSuccess', 'newPasswordRequired', 'mfaRequired', 'mfaSetup', 'totpRequired', 'selectMFAType', 'customChallenge',
  'associateSecretCode', 'inputVerificationCode',
];
const WITH_NODE_CALLBACK = new Set([
  'changePassword', 'confirmRegistration', 'deleteAttributes', 'deleteUser', 'getSession', 'getUserAttributes',
  'getUserData', 'refreshSession', 'resendConfirmationCode', 'setUserMfaPreference', 'signOut', 'updateAttributes',
]);
const CALLBACK_BEFORE_LAST = new Set(['sendMFACode']);

let pool;
let user;

const tokens = (session) => ({
  idToken: session.getIdToken().getJwtToken(),
  accessToken: session.getAccessToken().getJwtToken(),
  refreshToken: session.getRefreshToken().getToken(),
});
const plain = (value) => (typeof value?.getIdToken === 'function' ? tokens(value) : value);
const attributes = (values) =>
  Object.entries(values).map(([Name, Value]) => new CognitoUserAttribute({ Name, Value }));

const nodeCallback = (work) =>
  new Promise((resolve, reject) => work((error, value) => (error ? reject(error) : resolve(plain(value)))));

const callbacks = (work) =>
  new Promise((resolve, reject) => {
    const outcomes = CALLBACKS.map((name) => [
      name,
      (...args) => resolve({ callback: name, arguments: args.map(plain) }),
    ]);
    work({ ...Object.fromEntries(outcomes), onFailure: reject });
  });

function call(name, ...args) {
  if (WITH_NODE_CALLBACK.has(name)) {
    return nodeCallback((callback) => user[name](...args, callback));
  }
  const place = CALLBACK_BEFORE_LAST.has(name) ? args.length - 1 : args.length;
  return callbacks((all) => user[name](...args.toSpliced(place, 0, all)));
}

export const calls = {
  call,

  configure(UserPoolId, ClientId, endpoint) {
    pool = new CognitoUserPool({ UserPoolId, ClientId, endpoint });
  },

  async signUp(username, password, values) {
    const made = await nodeCallback((done) => pool.signUp(username, password, attributes(values), null, done));
    user = made.user;
    return { userConfirmed: made.userConfirmed, userSub: made.userSub };
  },

  // The user whose methods are called from now on; `flow` is an authentication flow's name.
  user(Username, flow) {
    user = new CognitoUser({ Username, Pool: pool });
    if (flow) user.setAuthenticationFlowType(flow);
  },

  authenticate(Password, ClientMetadata = {}) {
    const details = new AuthenticationDetails({ Username: user.getUsername(), Password, ClientMetadata });
    return call('authenticateUser', details);
  },

  initiate() {
    const details = new AuthenticationDetails({ Username: user.getUsername() });
    return call('initiateAuth', details);
  },

  // As the next start of an application does it, from what the library has stored.
  restore() {
    user = pool.getCurrentUser();
    return user && nodeCallback((done) => user.getSession(done));
  },

  refresh: () => call('refreshSession', user.getSignInUserSession().getRefreshToken()),
  session: () => tokens(user.getSignInUserSession()),
  deviceKey: () => user.deviceKey,
  updateAttributes: (values) => call('updateAttributes', attributes(values)),
};
