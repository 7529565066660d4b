"""The model, compiled to the CloudFormation template the Serverless Framework would make of it."""
