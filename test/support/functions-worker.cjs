// Loads a function app the way the Node worker of Azure Functions does, prints what it registered and asks one route.
// Arguments: the app's folder, the name of an HTTP function. Standard output's last line is the report as JSON.
const Module = require('node:module');
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { pathToFileURL } = require('node:url');

const [folder, asked] = process.argv.slice(2);
const functions = new Map();
const hooks = new Map();
let model;

const core = {
  version: '3.13.0',
  hostVersion: '4.1048.200',
  Disposable: class {},
  setProgrammingModel: (next) => {
    model = next;
  },
  getProgrammingModel: () => model,
  registerFunction: (metadata, callback) => functions.set(metadata.name, { metadata, callback }),
  registerHook: (name, callback) => hooks.set(name, [...(hooks.get(name) ?? []), callback]),
  log: (level, _category, message) => console.log(`${level}: ${message}`),
};

const originalRequire = Module.prototype.require;
Module.prototype.require = function (name) {
  return name === '@azure/functions-core' ? core : Reflect.apply(originalRequire, this, [name]);
};

async function runHooks(name, context) {
  for (const hook of hooks.get(name) ?? []) await hook(context);
}

async function invoke({ metadata, callback }) {
  const trigger = Object.entries(metadata.bindings).find(([, binding]) => /trigger$/i.test(binding.type));
  const http = {
    method: 'GET',
    url: 'http://127.0.0.1/health',
    nullableHeaders: {},
    nullableQuery: {},
    nullableParams: {},
  };
  const invocation = model.getInvocationModel({
    invocationId: 'invocation-1',
    metadata,
    log: core.log,
    request: {
      invocationId: 'invocation-1',
      functionId: metadata.name,
      inputData: [{ name: trigger[0], data: { http } }],
    },
  });
  const { context, inputs } = await invocation.getArguments();
  const result = await invocation.invokeFunction(context, inputs, callback);
  const { returnValue } = await invocation.getResponse(context, result);
  const bytes = returnValue.http.body?.bytes;
  return {
    status: Number(returnValue.http.statusCode),
    body: bytes === undefined ? null : Buffer.from(bytes).toString(),
  };
}

async function main() {
  process.chdir(folder);
  const { main: entry } = JSON.parse(readFileSync('package.json', 'utf8'));
  await import(pathToFileURL(join(folder, entry)).href);
  const context = { hookData: {}, appHookData: {}, functionAppDirectory: folder };
  await runHooks('appStart', context);
  // The app may still be making its tables: it says 503 until it can work.
  let answer = await invoke(functions.get(asked));
  for (const untilMs = Date.now() + 20_000; answer.status === 503 && Date.now() < untilMs; ) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    answer = await invoke(functions.get(asked));
  }
  await runHooks('appTerminate', context);
  const names = [...functions.keys()].sort();
  console.log(JSON.stringify({ model: model.name, names, hooks: [...hooks.keys()].sort(), answer }));
  process.exit(0);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
