// What OpenAI's /v1/responses refuses in a request that it keeps nothing of, in its own words and error shape.

const kFields = new Set(['model', 'store', 'instructions', 'input', 'tools', 'tool_choice', 'parallel_tool_calls', 'max_output_tokens', 'max_tool_calls',
  'temperature', 'top_p', 'top_logprobs', 'reasoning', 'include', 'text', 'user', 'safety_identifier', 'prompt_cache_key', 'prompt_cache_retention',
  'service_tier', 'stream', 'stream_options', 'truncation', 'metadata', 'background', 'previous_response_id', 'conversation', 'prompt']);
const kIncludes = ['reasoning.encrypted_content', 'web_search_call.action.sources', 'web_search_call.results', 'message.output_text.logprobs',
  'file_search_call.results', 'message.input_image.image_url', 'computer_call_output.output.image_url', 'code_interpreter_call.outputs'];
const kEfforts = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'];
const kTiers = ['auto', 'default', 'flex', 'scale', 'priority', 'fast', 'ultrafast'];
const kParts = {
  input_text: ['type', 'text', 'prompt_cache_breakpoint'],
  input_image: ['type', 'image_url', 'file_id', 'detail', 'prompt_cache_breakpoint'],
  input_file: ['type', 'filename', 'file_data', 'file_url', 'file_id', 'detail', 'prompt_cache_breakpoint'],
  output_text: ['type', 'text', 'annotations', 'logprobs'],
  refusal: ['type', 'refusal'],
};
const kItems = {
  message: ['type', 'role', 'content', 'id', 'status', 'phase'],
  function_call: ['type', 'call_id', 'name', 'arguments', 'id', 'status', 'namespace'],
  function_call_output: ['type', 'call_id', 'output', 'id', 'status'],
  reasoning: ['type', 'id', 'summary', 'content', 'encrypted_content', 'status'],
};
const kName = /^[a-zA-Z0-9_-]+$/;

class Refusal extends Error {
  constructor(message, param = null, code = null, status = 400) {
    super(message);
    Object.assign(this, { param, code, status });
  }
}

const refuse = (...words) => { throw new Refusal(...words); };
const unknown = (param) => refuse(`Unknown parameter: '${param}'.`, param, 'unknown_parameter');
const missing = (param) => refuse(`Missing required parameter: '${param}'.`, param, 'missing_required_parameter');
const quoted = (list) => list.map((each) => `'${each}'`).join(', ');

function only(object, allowed, where) {
  for (const key of Object.keys(object)) if (!allowed.includes(key)) unknown(`${where}.${key}`);
}
function oneOf(value, allowed, param) {
  if (!allowed.includes(value)) refuse(`Invalid value: '${value}'. Supported values are: ${quoted(allowed)}.`, param, 'invalid_value');
}
function text(value, param) {
  if (value === undefined) missing(param);
  if (typeof value !== 'string') refuse(`Invalid type for '${param}': expected a string, but got ${typeof value} instead.`, param, 'invalid_type');
}
function named(value, param, longest = 64) {
  text(value, param);
  if (value.length > longest) refuse(`Invalid '${param}': string too long. Expected a string with maximum length ${longest}, but got a string with length ${value.length} instead.`, param, 'string_above_max_length');
  if (!kName.test(value)) refuse(`Invalid '${param}': string does not match pattern. Expected a string that matches the pattern '${kName.source}'.`, param, 'invalid_value');
}

// The first thing that is wrong with a request, as { status, body }; nothing when it would be answered.
//   reasons   the model is one that reasons
//   issued    encrypted_content -> { model, item, next } of the reasoning that was given out: next is the call_id or text behind it
//   demands   reasoning that came before a call has to come back with it
export function faultOf(json, { reasons = true, issued, demands = false } = {}) {
  try {
    checkFields(json, reasons);
    checkTools(json);
    checkFormat(json);
    checkInput(json, { issued, demands });
  } catch (fault) {
    if (!(fault instanceof Refusal)) throw fault;
    const { message, param, code, status } = fault;
    return { status, body: { error: { message, type: 'invalid_request_error', param, code } } };
  }
}

function checkFields(json, reasons) {
  for (const key of Object.keys(json)) if (!kFields.has(key)) unknown(key);
  text(json.model, 'model');
  if (json.instructions !== undefined) text(json.instructions, 'instructions');
  if (json.max_output_tokens !== undefined && !(json.max_output_tokens >= 16))
    refuse(`Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16, but got ${json.max_output_tokens} instead.`, 'max_output_tokens', 'integer_below_min_value');
  for (const [index, each] of (json.include ?? []).entries()) oneOf(each, kIncludes, `include[${index}]`);
  if (json.service_tier !== undefined) oneOf(json.service_tier, kTiers, 'service_tier');
  for (const key of ['prompt_cache_key', 'safety_identifier'])
    if (json[key]?.length > 64) refuse(`Invalid '${key}': string too long. Expected a string with maximum length 64.`, key, 'string_above_max_length');
  const sealed = json.include?.includes('reasoning.encrypted_content');
  if (sealed && json.store !== false) refuse('Encrypted content is only given for responses that are not stored: set store to false.', 'include');
  if (!reasons && sealed) refuse('Encrypted content is not supported with this model.', 'include');
  checkReasoning(json, reasons);
}

function checkReasoning({ reasoning, temperature, top_p: topP }, reasons) {
  const unsupported = (param) => refuse(`Unsupported parameter: '${param}' is not supported with this model.`, param, 'unsupported_parameter');
  if (!reasons && reasoning) unsupported('reasoning');
  if (reasons && temperature !== undefined) unsupported('temperature');
  if (reasons && topP !== undefined) unsupported('top_p');
  if (!reasoning) return;
  only(reasoning, ['effort', 'summary', 'context', 'mode'], 'reasoning');
  if (reasoning.effort !== undefined) oneOf(reasoning.effort, kEfforts, 'reasoning.effort');
  if (reasoning.summary !== undefined) oneOf(reasoning.summary, ['auto', 'concise', 'detailed'], 'reasoning.summary');
}

// --- tools

function checkTools({ tools = [], tool_choice: choice, parallel_tool_calls: parallel }) {
  if (tools.length > 128) refuse(`Invalid 'tools': array too long. Expected an array with maximum length 128.`, 'tools', 'array_above_max_length');
  tools.forEach((tool, index) => checkTool(tool, `tools[${index}]`));
  if (tools.length === 0 && parallel !== undefined) refuse("'parallel_tool_calls' is only allowed when 'tools' are specified.", 'parallel_tool_calls');
  if (choice === undefined || choice === 'auto' || choice === 'none') return;
  if (tools.length === 0) refuse(`Tool choice '${choice.name ?? choice}' must be specified with 'tools' parameter.`, 'tool_choice');
  if (choice === 'required') return;
  oneOf(choice.type, ['function'], 'tool_choice.type');
  only(choice, ['type', 'name'], 'tool_choice');
  if (!tools.some(({ name }) => name === choice.name)) refuse(`Tool choice 'function' not found in 'tools' parameter.`, 'tool_choice');
}

function checkTool(tool, where) {
  if (tool.type === 'web_search') return only(tool, ['type', 'filters', 'search_context_size', 'user_location', 'external_web_access'], where);
  oneOf(tool.type, ['function', 'web_search'], `${where}.type`);
  only(tool, ['type', 'name', 'description', 'parameters', 'strict'], where);
  named(tool.name, `${where}.name`);
  checkSchema(tool.parameters, `function '${tool.name}'`, `${where}.parameters`, tool.strict ?? true);
}

// What strictness demands of every object, and what no schema may hold.
function checkSchema(schema, whose, param, strict) {
  const wrong = (what, path) => refuse(`Invalid schema for ${whose}: In context=(${quoted(path)}), ${what}`, param, 'invalid_function_parameters');
  if (schema?.type !== 'object') wrong(`schema must be a JSON Schema of 'type: "object"', got 'type: "${schema?.type}"'.`, []);
  const visit = (node, path) => {
    if (node === null || typeof node !== 'object') return;
    if (node.$schema) wrong("'$schema' is not permitted.", path);
    const types = [node.type].flat();
    if (types.includes('object') && path.length === 0 && !node.properties) wrong('object schema missing properties.', path);
    if (types.includes('array') && !node.items) wrong('array schema missing items.', path);
    if (strict && types.includes('object')) strictObject(node, path, wrong);
    for (const [name, inner] of Object.entries(node.properties ?? {})) visit(inner, [...path, 'properties', name]);
    for (const key of ['items', 'additionalProperties']) visit(node[key], [...path, key]);
    for (const key of ['anyOf', 'oneOf', 'allOf']) (node[key] ?? []).forEach((inner, at) => visit(inner, [...path, key, String(at)]));
    if (strict && (node.oneOf || node.allOf)) wrong(`'${node.oneOf ? 'oneOf' : 'allOf'}' is not permitted.`, path);
    if (strict && 'default' in node) wrong("'default' is not permitted.", path);
  };
  visit(schema, []);
}

function strictObject(node, path, wrong) {
  if (node.additionalProperties !== false) wrong("'additionalProperties' is required to be supplied and to be false.", path);
  for (const name of Object.keys(node.properties ?? {}))
    if (!(node.required ?? []).includes(name))
      wrong(`'required' is required to be supplied and to be an array including every key in properties. Missing '${name}'.`, path);
}

function checkFormat({ text: asked, input }) {
  if (asked === undefined) return;
  only(asked, ['format', 'verbosity'], 'text');
  const { format } = asked;
  if (format === undefined) return;
  oneOf(format.type, ['text', 'json_object', 'json_schema'], 'text.format.type');
  if (format.type === 'json_object' && !/json/i.test(JSON.stringify(typeof input === 'string' ? input : input?.map(({ content }) => content))))
    refuse("Response input messages must contain the word 'json' in some form to use 'text.format' of type 'json_object'.", 'input');
  if (format.type !== 'json_schema') return;
  only(format, ['type', 'name', 'description', 'schema', 'strict'], 'text.format');
  named(format.name, 'text.format.name');
  checkSchema(format.schema, `response_format '${format.name}'`, 'text.format.schema', format.strict ?? false);
}

// --- input

function checkInput({ input, model }, context) {
  if (typeof input === 'string') return;
  if (!Array.isArray(input) || input.length === 0) missing('input');
  const calls = new Set(), answered = new Set();
  let waiting = 0;  // calls without their output, which have to come before anybody speaks
  input.forEach((item, index) => {
    const where = `input[${index}]`;
    const type = item.type ?? 'message';
    oneOf(type, Object.keys(kItems), where);
    only(item, kItems[type], where);
    if (type === 'message') checkMessage(item, where);
    if (type === 'message' && waiting > 0) lonely(calls, answered);
    if (type === 'reasoning') checkReasoningItem(item, input, index, model, context);
    if (type === 'function_call') waiting += checkCall(item, where, calls);
    if (type === 'function_call_output') waiting -= checkOutput(item, where, calls, answered);
  });
  if (waiting > 0) lonely(calls, answered);
  if (context.demands) checkDemands(input, model, context.issued);
}

const lonely = (calls, answered) => refuse(`No tool output found for function call ${[...calls].find((id) => !answered.has(id))}.`, 'input');

function checkMessage({ role, content }, where) {
  oneOf(role, ['assistant', 'system', 'developer', 'user'], `${where}.role`);
  if (typeof content === 'string') return;
  if (!Array.isArray(content) || content.length === 0) missing(`${where}.content`);
  const allowed = role === 'assistant' ? ['output_text', 'refusal'] : ['input_text', 'input_image', 'input_file'];
  checkParts(content, allowed, `${where}.content`);
}

function checkParts(parts, allowed, where) {
  parts.forEach((part, index) => {
    const at = `${where}[${index}]`;
    oneOf(part.type, allowed, at);
    only(part, kParts[part.type], at);
    if (part.type.endsWith('_text')) text(part.text, `${at}.text`);
    if (part.type === 'input_image') checkImage(part, at);
    if (part.type === 'input_file') checkFile(part, at);
  });
}

function checkImage({ image_url: url, detail }, at) {
  text(url, `${at}.image_url`);
  if (detail !== undefined) oneOf(detail, ['low', 'high', 'auto', 'original'], `${at}.detail`);
  if (!/^https?:\/\/./.test(url) && !/^data:image\/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/]+=*$/.test(url))
    refuse(`Invalid '${at}.image_url'. Expected a valid URL, but got a value with an invalid format.`, `${at}.image_url`, 'invalid_value');
}

function checkFile({ filename, file_data: data, file_url: url }, at) {
  if ([data, url].filter(Boolean).length !== 1) refuse(`Exactly one of 'file_data', 'file_url' or 'file_id' is needed.`, at, 'invalid_value');
  if (data === undefined) return;
  text(filename, `${at}.filename`);
  if (!/^data:[\w.+-]+\/[\w.+-]+;base64,/.test(data)) refuse(`Invalid '${at}.file_data': expected a base64-encoded data URL.`, `${at}.file_data`, 'invalid_value');
}

function checkCall({ call_id: id, name, arguments: given }, where, calls) {
  named(name, `${where}.name`);
  text(given, `${where}.arguments`);
  text(id, `${where}.call_id`);
  if (id.length > 64) refuse(`Invalid '${where}.call_id': string too long.`, `${where}.call_id`, 'string_above_max_length');
  if (calls.has(id)) refuse(`Duplicate function call with call_id ${id}.`, 'input');
  try { JSON.parse(given); } catch { refuse(`Invalid '${where}.arguments': not JSON.`, `${where}.arguments`, 'invalid_value'); }
  return calls.add(id) && 1;
}

function checkOutput({ call_id: id, output }, where, calls, answered) {
  if (!calls.has(id)) refuse(`No tool call found for function call output with call_id ${id}.`, 'input');
  if (answered.has(id)) refuse(`Duplicate output for function call ${id}.`, 'input');
  if (Array.isArray(output)) checkParts(output, ['input_text', 'input_image', 'input_file'], `${where}.output`);
  else text(output, `${where}.output`);
  return answered.add(id) && 1;
}

// --- reasoning

const isAssistants = (item) => item !== undefined && (['reasoning', 'function_call'].includes(item.type) || item.role === 'assistant');

function checkReasoningItem(item, input, index, model, { issued }) {
  const where = `input[${index}]`;
  if (!Array.isArray(item.summary)) missing(`${where}.summary`);
  if (item.content?.length > 0) refuse(`Invalid '${where}.content': array too long. Expected an array with maximum length 0.`, `${where}.content`, 'array_above_max_length');
  if (!item.encrypted_content)
    refuse(`Item with id '${item.id}' not found. Items are not persisted when \`store\` is set to false.`, 'input', null, 404);
  const known = issued?.get(item.encrypted_content);
  const changed = known && (known.model !== model || known.item.id !== item.id || JSON.stringify(known.item.summary) !== JSON.stringify(item.summary));
  if (issued && (!known || changed))
    refuse(`The encrypted content ${item.encrypted_content.slice(0, 6)}... could not be verified.`, null, 'invalid_encrypted_content');
  const behind = input.slice(index + 1).find(({ type }) => type !== 'reasoning');
  const led = known === undefined || behind?.call_id === known.next || said(behind) === known.next;
  if (!isAssistants(behind) || !led) refuse(`Item '${item.id}' of type 'reasoning' was provided without its required following item.`, 'input');
}

const said = (item) => (typeof item?.content === 'string' ? item.content : (item?.content ?? []).map(({ text: words }) => words).join(''));

function checkDemands(input, model, issued) {
  for (const { model: of, item, next } of issued.values()) {
    const at = input.findIndex(({ type, call_id: id }) => type === 'function_call' && id === next);
    if (of === model && at >= 0 && !input.slice(0, at).some(({ encrypted_content: sealed }) => sealed === item.encrypted_content))
      refuse(`Item '${next}' of type 'function_call' was provided without its required 'reasoning' item: '${item.id}'.`, 'input');
  }
}
