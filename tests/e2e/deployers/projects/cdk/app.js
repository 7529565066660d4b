const cdk = require('aws-cdk-lib');
const apigateway = require('aws-cdk-lib/aws-apigateway');
const apigatewayv2 = require('aws-cdk-lib/aws-apigatewayv2');
const cognito = require('aws-cdk-lib/aws-cognito');
const dynamodb = require('aws-cdk-lib/aws-dynamodb');
const { HttpLambdaIntegration } = require('aws-cdk-lib/aws-apigatewayv2-integrations');
const lambda = require('aws-cdk-lib/aws-lambda');
const s3 = require('aws-cdk-lib/aws-s3');
const sqs = require('aws-cdk-lib/aws-sqs');
const { SqsEventSource } = require('aws-cdk-lib/aws-lambda-event-sources');

const app = new cdk.App();

class Shop extends cdk.Stack {
  constructor(scope, id) {
    super(scope, id);
    const goes = { removalPolicy: cdk.RemovalPolicy.DESTROY };
    const key = { name: 'id', type: dynamodb.AttributeType.STRING };
    const table = new dynamodb.TableV2(this, 'Table', { partitionKey: key, ...goes });
    const hello = new lambda.Function(this, 'Hello', {
      runtime: lambda.Runtime.PYTHON_3_11,
      handler: 'app.hello',
      code: lambda.Code.fromAsset('fn'),
      environment: { TABLE: table.tableName, GREETING: process.env.GREETING || 'first' },
    });
    table.grantReadWriteData(hello);
    hello.addEventSource(new SqsEventSource(new sqs.Queue(this, 'Queue')));
    new apigateway.LambdaRestApi(this, 'Rest', { handler: hello, cloudWatchRole: false });
    const http = new apigatewayv2.HttpApi(this, 'Http');
    const integration = new HttpLambdaIntegration('Integration', hello);
    http.addRoutes({ path: '/hi', methods: [apigatewayv2.HttpMethod.GET], integration });
    new cognito.UserPool(this, 'Pool', goes).addClient('Client');
    new s3.Bucket(this, 'Bucket', goes);
    new cdk.CfnOutput(this, 'HttpId', { value: http.apiId });
  }
}

class Around extends cdk.Stack {
  constructor(scope, id) {
    super(scope, id);
    const queue = new sqs.Queue(new cdk.NestedStack(this, 'Inner'), 'Queue');
    new cdk.CfnOutput(this, 'Queue', { value: queue.queueName });
  }
}

const answers = `
import cfnresponse
def handler(event, context):
    asked = event["ResourceProperties"].get("Question", "")
    cfnresponse.send(event, context, cfnresponse.SUCCESS, {"Answer": asked + "!"}, "made")
`;
const answersInNode = `
const response = require('cfn-response');
exports.handler = (event, context) => response.send(event, context, response.SUCCESS, { Answer: 'from Node' });
`;

class Custom extends cdk.Stack {
  constructor(scope, id) {
    super(scope, id);
    const handler = 'index.handler';
    const python = new lambda.Function(this, 'Python', {
      runtime: lambda.Runtime.PYTHON_3_11, handler, code: lambda.Code.fromInline(answers),
    });
    const node = new lambda.Function(this, 'Node', {
      runtime: lambda.Runtime.NODEJS_20_X, handler, code: lambda.Code.fromInline(answersInNode),
    });
    const asked = new cdk.CustomResource(this, 'Asked', {
      serviceToken: python.functionArn, resourceType: 'Custom::Asked', properties: { Question: 'why' },
    });
    const other = new cdk.CustomResource(this, 'Other', { serviceToken: node.functionArn });
    new cdk.CfnOutput(this, 'Answer', { value: asked.getAttString('Answer') });
    new cdk.CfnOutput(this, 'OtherAnswer', { value: other.getAttString('Answer') });
  }
}

new Shop(app, 'Shop');
new Around(app, 'Around');
new Custom(app, 'Custom');
