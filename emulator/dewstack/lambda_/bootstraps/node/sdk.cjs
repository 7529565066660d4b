// The AWS SDK's version 2, which does not know AWS_ENDPOINT_URL: without this its calls would leave for AWS.
"use strict";
const Module = require("node:module");

const PACKAGE = /^(?:(.*[\\/]node_modules[\\/]))?aws-sdk(?:[\\/]|$)/;

/** Let clients of aws-sdk 2 go to `endpoint`, unless they name one. Acts when the package is loaded, at no cost until then. */
function lead(endpoint) {
  const load = Module._load;
  Module._load = function (request, parent, ...rest) {
    const exported = load.call(this, request, parent, ...rest);
    const match = PACKAGE.exec(request);
    if (match) {
      Module._load = load;
      const { config } = load.call(this, `${match[1] ?? ""}aws-sdk/lib/core`, parent, false);
      if (config && !config.endpoint) config.update({ endpoint, s3ForcePathStyle: true });
    }
    return exported;
  };
}

module.exports = { lead };
