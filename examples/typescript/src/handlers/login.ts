/** POST /auth/login: an e-mail address and a password for tokens. */
import { InitiateAuthCommand } from "@aws-sdk/client-cognito-identity-provider";
import type { APIGatewayProxyHandler } from "aws-lambda";
import { clientId, cognito } from "../cognito";
import { fields, refuse, reply } from "../http";

const refusals = {
  NotAuthorizedException: 401, // a wrong password, or nobody of that name: Cognito doesn't say which
  UserNotConfirmedException: 403,
  PasswordResetRequiredException: 403,
  InvalidParameterException: 400,
  TooManyRequestsException: 429,
};

export const loginHandler: APIGatewayProxyHandler = async (event) => {
  try {
    const { email, password } = fields(event, "email", "password");
    const answer = await cognito.send(
      new InitiateAuthCommand({
        ClientId: clientId,
        AuthFlow: "USER_PASSWORD_AUTH",
        AuthParameters: { USERNAME: email, PASSWORD: password },
      }),
    );
    const tokens = answer.AuthenticationResult;
    if (!tokens) return reply(403, { message: `This account needs another step: ${answer.ChallengeName}.` });
    return reply(200, {
      accessToken: tokens.AccessToken, // what the page sends along: Authorization: Bearer …
      idToken: tokens.IdToken,
      refreshToken: tokens.RefreshToken,
      expiresIn: tokens.ExpiresIn, // seconds
    });
  } catch (error) {
    return refuse(error, refusals);
  }
};
