exports.hello = async () => ({ statusCode: 200 });
exports.sleep = exports.hello;
