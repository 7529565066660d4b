/** What API Gateway hands to a function, and what it expects back. */
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from "aws-lambda";
import { CognitoIdentityProviderServiceException } from "@aws-sdk/client-cognito-identity-provider";

/** What the caller did wrong; answered with 400. */
export class BadRequest extends Error {}

/** An HTTP response with a JSON body. */
export function reply(statusCode: number, body: object): APIGatewayProxyResult {
  return {
    statusCode,
    headers: {
      "content-type": "application/json",
      "cache-control": "no-store",
      "access-control-allow-origin": "*", // a page on another origin may read the answer
    },
    body: JSON.stringify(body),
  };
}

/** The named fields of the request's JSON body, each of them a string that isn't empty. Throws BadRequest. */
export function fields<Name extends string>(event: APIGatewayProxyEvent, ...names: Name[]): Record<Name, string> {
  const raw = Buffer.from(event.body ?? "", event.isBase64Encoded ? "base64" : "utf8").toString();
  let body: unknown;
  try {
    body = JSON.parse(raw);
  } catch {
    throw new BadRequest("The request body must be JSON.");
  }
  if (typeof body !== "object" || body === null) throw new BadRequest("The request body must be a JSON object.");
  const found = new Map<string, unknown>(Object.entries(body));
  const entries = names.map((name): [Name, string] => {
    const value = found.get(name);
    if (typeof value !== "string" || value === "") throw new BadRequest(`${name} is required.`);
    return [name, value];
  });
  return Object.fromEntries(entries) as Record<Name, string>;
}

/**
 * An error as an HTTP response. `refusals` says which of Cognito's errors are the caller's, and their status;
 * any other is our own mistake and is thrown on: 500 for the caller, the stack in the log.
 */
export function refuse(error: unknown, refusals: Readonly<Record<string, number>>): APIGatewayProxyResult {
  if (error instanceof BadRequest) return reply(400, { message: error.message });
  if (error instanceof CognitoIdentityProviderServiceException) {
    const status = refusals[error.name];
    if (status !== undefined) return reply(status, { message: error.message, code: error.name });
  }
  throw error;
}
