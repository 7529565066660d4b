/** POST /auth/confirm: the code from the e-mail proves that the address is the user's own. */
import { ConfirmSignUpCommand } from "@aws-sdk/client-cognito-identity-provider";
import type { APIGatewayProxyHandler } from "aws-lambda";
import { clientId, cognito } from "../cognito";
import { fields, refuse, reply } from "../http";

const refusals = {
  CodeMismatchException: 400,
  ExpiredCodeException: 400,
  NotAuthorizedException: 409, // it is confirmed already
  InvalidParameterException: 400,
  LimitExceededException: 429,
  TooManyFailedAttemptsException: 429,
  TooManyRequestsException: 429,
};

export const confirmHandler: APIGatewayProxyHandler = async (event) => {
  try {
    const { email, code } = fields(event, "email", "code");
    await cognito.send(new ConfirmSignUpCommand({ ClientId: clientId, Username: email, ConfirmationCode: code }));
    return reply(200, { confirmed: true });
  } catch (error) {
    return refuse(error, refusals);
  }
};
