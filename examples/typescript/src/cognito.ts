/** The door to the users: Cognito's API, through AWS's own SDK. */
import { CognitoIdentityProviderClient } from "@aws-sdk/client-cognito-identity-provider";

// Made once, while the function's process starts, and kept for every request that it serves.
export const cognito = new CognitoIdentityProviderClient({ maxAttempts: 2 });

const id = process.env["USER_POOL_CLIENT_ID"];
if (!id) throw new Error("USER_POOL_CLIENT_ID is not set: serverless.yml gives it to every function");

/** The app client: how Cognito knows which application is asking. */
export const clientId = id;
