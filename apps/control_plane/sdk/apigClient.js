/*
 * A client of one stage of an API. It needs nothing but `fetch`: a browser, or Node.js 18 and above.
 *
 *   var client = apigClientFactory.newClient({ apiKey: "..." });
 *   client.petsPetIdGet({ petId: "7" }, body, { queryParams: {}, headers: {} })
 *     .then(function (result) { result.status; result.headers; result.data; })
 *     .catch(function (result) { result.status; });
 */
(function (root, factory) {
  if (typeof module === "object" && module.exports) {
    module.exports = factory();
  } else {
    root.apigClientFactory = factory();
  }
})(typeof self !== "undefined" ? self : this, function () {
  "use strict";

  var INVOKE_URL = __INVOKE_URL__;
  var CALLS = __CALLS__;

  function given(value) {
    return value !== undefined && value !== null;
  }

  function pathOf(call, params) {
    return call.path.replace(/\{([^{}\/]+?)(\+?)\}/g, function (whole, name, greedy) {
      var value = String(params[name]);
      return greedy ? value.split("/").map(encodeURIComponent).join("/") : encodeURIComponent(value);
    });
  }

  function addQuery(search, name, value) {
    (Array.isArray(value) ? value : [value]).forEach(function (item) {
      search.append(name, String(item));
    });
  }

  function isPlain(body) {
    return typeof body === "object" && (Array.isArray(body) || Object.getPrototypeOf(body) === Object.prototype);
  }

  function request(config, call, params, body, more) {
    params = params || {};
    more = more || {};
    var search = new URLSearchParams();
    var headers = { Accept: config.defaultAcceptType || "application/json" };
    call.parameters.forEach(function (parameter) {
      var value = params[parameter.name];
      if (!given(value)) {
        if (parameter.required) {
          throw new Error("Missing required parameter '" + parameter.name + "' of " + call.name);
        }
      } else if (parameter.place === "query") {
        addQuery(search, parameter.name, value);
      } else if (parameter.place === "header") {
        headers[parameter.name] = String(value);
      }
    });
    Object.keys(more.queryParams || {}).forEach(function (name) {
      addQuery(search, name, more.queryParams[name]);
    });
    if (given(config.apiKey) && config.apiKey !== "") {
      headers["x-api-key"] = config.apiKey;
    }
    var options = { method: call.method };
    if (given(body) && body !== "" && call.method !== "GET" && call.method !== "HEAD") {
      headers["Content-Type"] = config.defaultContentType || "application/json";
      options.body = isPlain(body) ? JSON.stringify(body) : body;
    }
    options.headers = Object.assign(headers, more.headers || {});
    var query = search.toString();
    var base = String(config.invokeUrl || INVOKE_URL).replace(/\/+$/, "");
    return fetch(base + pathOf(call, params) + (query ? "?" + query : ""), options).then(resultOf);
  }

  function resultOf(response) {
    return response.text().then(function (text) {
      var headers = {};
      response.headers.forEach(function (value, name) {
        headers[name] = value;
      });
      var data = text;
      if (/[\/+]json\b/.test(headers["content-type"] || "") && text !== "") {
        try {
          data = JSON.parse(text);
        } catch (error) {
          data = text;
        }
      }
      var result = { status: response.status, statusText: response.statusText, headers: headers, data: data };
      return response.ok ? result : Promise.reject(result);
    });
  }

  return {
    newClient: function (config) {
      config = config || {};
      if (config.accessKey || config.secretKey) {
        throw new Error("This client does not sign requests with AWS credentials");
      }
      var client = {};
      CALLS.forEach(function (call) {
        client[call.name] = function (params, body, additionalParams) {
          return new Promise(function (resolve) {
            resolve(request(config, call, params, body, additionalParams));
          });
        };
      });
      return client;
    },
  };
});
