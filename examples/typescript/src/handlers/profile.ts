/** GET /auth/profile: who am I? API Gateway has checked the token before this runs. */
import { GetUserCommand } from "@aws-sdk/client-cognito-identity-provider";
import type { APIGatewayProxyHandler } from "aws-lambda";
import { cognito } from "../cognito";
import { refuse, reply } from "../http";

const refusals = {
  NotAuthorizedException: 401, // signed out, or deleted, since the token was made
  UserNotFoundException: 401,
  TooManyRequestsException: 429,
};

export const profileHandler: APIGatewayProxyHandler = async (event) => {
  try {
    const header = event.headers["Authorization"] ?? event.headers["authorization"];
    const token = header?.replace(/^Bearer /i, "");
    const user = await cognito.send(new GetUserCommand({ AccessToken: token }));
    const attributes = new Map(user.UserAttributes?.map(({ Name, Value }) => [Name, Value]));
    return reply(200, {
      id: attributes.get("sub"),
      email: attributes.get("email"),
      emailVerified: attributes.get("email_verified") === "true",
    });
  } catch (error) {
    return refuse(error, refusals);
  }
};
