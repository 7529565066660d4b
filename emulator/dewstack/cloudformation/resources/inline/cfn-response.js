// Answers for a custom resource: require('cfn-response').send(event, context, response.SUCCESS, {Key: 'value'}).
exports.SUCCESS = 'SUCCESS';
exports.FAILED = 'FAILED';

exports.send = function (event, context, responseStatus, responseData, physicalResourceId, noEcho) {
  return new Promise((resolve) => {
    const body = JSON.stringify({
      Status: responseStatus,
      Reason: 'See the details in CloudWatch Log Stream: ' + context.logStreamName,
      PhysicalResourceId: physicalResourceId || context.logStreamName,
      StackId: event.StackId,
      RequestId: event.RequestId,
      LogicalResourceId: event.LogicalResourceId,
      NoEcho: noEcho || false,
      Data: responseData,
    });
    const url = new URL(event.ResponseURL);
    const client = require(url.protocol === 'http:' ? 'http' : 'https');
    const headers = { 'content-type': '', 'content-length': Buffer.byteLength(body) };
    const end = (said) => {
      console.log(said);
      resolve();
      if (typeof context.done === 'function') context.done();
    };
    const request = client.request(url, { method: 'PUT', headers }, (response) => {
      response.resume();
      end('Status code: ' + response.statusCode);
    });
    request.on('error', (error) => end('send(..) failed executing https.request(..): ' + error));
    request.end(body);
  });
};
