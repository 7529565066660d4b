// The API as this page sees it: where it is, its routes, and one function that calls them.

/** Which URL runs which function, and what the function asks of Cognito. */
export const ROUTES = {
  register: { method: "POST", path: "/auth/register", handler: "handlers/register.py", operation: "SignUp" },
  confirm: { method: "POST", path: "/auth/confirm", handler: "handlers/confirm.py", operation: "ConfirmSignUp" },
  resend: { method: "POST", path: "/auth/resend", handler: "handlers/resend.py", operation: "ResendConfirmationCode" },
  login: { method: "POST", path: "/auth/login", handler: "handlers/login.py", operation: "InitiateAuth" },
  refresh: { method: "POST", path: "/auth/refresh", handler: "handlers/refresh.py", operation: "InitiateAuth" },
  forgot: { method: "POST", path: "/auth/forgot-password", handler: "handlers/forgot_password.py", operation: "ForgotPassword" },
  reset: { method: "POST", path: "/auth/reset-password", handler: "handlers/reset_password.py", operation: "ConfirmForgotPassword" },
  profile: { method: "GET", path: "/auth/profile", handler: "handlers/get_profile.py", operation: "GetUser", guarded: true },
  update: { method: "PATCH", path: "/auth/profile", handler: "handlers/update_profile.py", operation: "UpdateUserAttributes", guarded: true },
  logout: { method: "POST", path: "/auth/logout", handler: "handlers/logout.py", operation: "RevokeToken", guarded: true },
  logoutEverywhere: { method: "POST", path: "/auth/logout", handler: "handlers/logout.py", operation: "GlobalSignOut", guarded: true },
};

const TIMEOUT = 35_000; // milliseconds; API Gateway itself gives up after 30 seconds

/** The addresses of this deployment: {urls: {http?, rest?}, userPoolId, userPoolClientId, region, mailboxUrl?}. */
export async function loadConfig() {
  const response = await fetch("config.json", { cache: "no-store" });
  if (!response.ok) throw new Error(`config.json: ${response.status}`);
  const { apiUrl, restApiUrl, ...config } = await response.json();
  if (!apiUrl && !restApiUrl) throw new Error("config.json names neither apiUrl nor restApiUrl");
  const [http, rest] = [apiUrl, restApiUrl].map((url) => url?.replace(/\/+$/, ""));
  return { ...config, urls: { http, rest } };
}

/**
 * Sends one request through a gateway, "http" or "rest". Gives an exchange, {gateway, route, url, request, response,
 * milliseconds}, whatever happens; `response` is null if none came.
 */
export async function call(config, gateway, route, { body, accessToken } = {}) {
  const url = config.urls[gateway] + route.path;
  const headers = {};
  if (accessToken) headers["Authorization"] = `Bearer ${accessToken}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const request = { method: route.method, headers, body };
  const started = performance.now();
  let response = null;
  try {
    const answer = await fetch(url, {
      method: route.method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT),
      credentials: "omit",
    });
    response = await read(answer);
  } catch {
    // Unreachable, too slow, or kept from us by CORS: the browser doesn't say which.
  }
  return { gateway, route, url, request, response, milliseconds: performance.now() - started };
}

async function read(answer) {
  const text = await answer.text();
  let body = text;
  try {
    body = JSON.parse(text);
  } catch {
    // Not JSON: shown as it is.
  }
  return { status: answer.status, ok: answer.ok, headers: Object.fromEntries(answer.headers), body };
}

/** The sentence and the field of a refusal: {message, field?, code?}. */
export function refusal({ response, url }) {
  if (!response) return { message: `${new URL(url).origin} doesn't answer.` };
  const body = typeof response.body === "object" && response.body !== null ? response.body : {};
  return { ...body, message: body.message || `The API answered ${response.status}.` };
}
