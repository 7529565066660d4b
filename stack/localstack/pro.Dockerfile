# LocalStack's current image, as it is: for those with a LOCALSTACK_AUTH_TOKEN. It has its own Cognito and HTTP APIs.
FROM localstack/localstack-pro:latest
