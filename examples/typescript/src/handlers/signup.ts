/** POST /auth/register: a new user signs up; Cognito sends a code to the address. */
import { SignUpCommand } from "@aws-sdk/client-cognito-identity-provider";
import type { APIGatewayProxyHandler } from "aws-lambda";
import { clientId, cognito } from "../cognito";
import { fields, refuse, reply } from "../http";

const refusals = {
  UsernameExistsException: 409,
  InvalidPasswordException: 400,
  InvalidParameterException: 400,
  TooManyRequestsException: 429,
};

export const signupHandler: APIGatewayProxyHandler = async (event) => {
  try {
    const { email, password } = fields(event, "email", "password");
    const user = await cognito.send(
      new SignUpCommand({
        ClientId: clientId,
        Username: email,
        Password: password,
        UserAttributes: [{ Name: "email", Value: email }],
      }),
    );
    return reply(201, { id: user.UserSub, confirmed: user.UserConfirmed });
  } catch (error) {
    return refuse(error, refusals);
  }
};
