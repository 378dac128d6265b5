// What generateContent, version v1beta, refuses with a 400: the rules of gemini_provider.js, each a complaint in words near Google's.
const kPartFields = ['text', 'thought', 'thoughtSignature', 'inlineData', 'fileData', 'functionCall', 'functionResponse'];
const kDataFields = ['text', 'inlineData', 'fileData', 'functionCall', 'functionResponse'];
const kMedia = /^(image\/(png|jpeg|webp|heic|heif)|application\/pdf|text\/plain)$/;
const kName = /^[A-Za-z_][A-Za-z0-9_.:-]{0,63}$/;
const kBase64 = /^(?:[A-Za-z0-9+/_-]{4})*(?:[A-Za-z0-9+/_-]{2,3}={0,2})?$/;
const kTypes = ['string', 'number', 'integer', 'boolean', 'array', 'object', 'null'];
const kAnySignature = 'skip_thought_signature_validator';

// Fields of each message; a field that leads to another message names it.
const kMessages = {
  request: { contents: 'content', systemInstruction: 'content', tools: 'tool', toolConfig: 'toolConfig', generationConfig: 'generationConfig',
    safetySettings: 'safetySetting', cachedContent: null },
  content: { role: null, parts: 'part' },
  part: { ...Object.fromEntries(kPartFields.map((name) => [name, null])), inlineData: 'blob', fileData: 'file', functionCall: 'call',
    functionResponse: 'response' },
  blob: { mimeType: null, data: null, displayName: null },
  file: { mimeType: null, fileUri: null },
  call: { id: null, name: null, args: null },
  response: { id: null, name: null, response: null, parts: 'responsePart', willContinue: null, scheduling: null },
  responsePart: { inlineData: 'blob' },
  tool: { functionDeclarations: 'declaration', google_search: 'nothing', googleSearch: 'nothing', codeExecution: 'nothing', urlContext: 'nothing' },
  nothing: {},
  declaration: { name: null, description: null, behavior: null, parameters: 'schema', parametersJsonSchema: null, response: 'schema',
    responseJsonSchema: null },
  toolConfig: { functionCallingConfig: 'calling' },
  calling: { mode: null, allowedFunctionNames: null },
  generationConfig: { maxOutputTokens: null, temperature: null, topP: null, topK: null, stopSequences: null, candidateCount: null, seed: null,
    responseMimeType: null, responseSchema: 'schema', responseJsonSchema: null, thinkingConfig: 'thinking' },
  thinking: { includeThoughts: null, thinkingLevel: null, thinkingBudget: null },
  safetySetting: { category: null, threshold: null },
  schema: { type: null, format: null, title: null, description: null, nullable: null, enum: null, maxItems: null, minItems: null,
    properties: 'schemas', required: null, minProperties: null, maxProperties: null, minLength: null, maxLength: null, pattern: null,
    example: null, anyOf: 'schema', propertyOrdering: null, default: null, items: 'schema', minimum: null, maximum: null },
};

function unknownField(value, message, where) {
  if (Array.isArray(value)) return first(value.map((one, at) => [one, at]), ([one, at]) => unknownField(one, message, `${where}[${at}]`));
  if (value === null || typeof value !== 'object') return `Invalid value at '${where}' (${message}), expected an object`;
  if (message === 'schemas') return first(Object.entries(value), ([name, one]) => unknownField(one, 'schema', `${where}[${name}]`));
  return first(Object.entries(value), ([name, inner]) => {
    if (!(name in kMessages[message])) return `Invalid JSON payload received. Unknown name "${name}" at '${where}': Cannot find field.`;
    return kMessages[message][name] && unknownField(inner, kMessages[message][name], where ? `${where}.${name}` : name);
  });
}

// The first complaint.
function first(list, complain) {
  for (const one of list) {
    const complaint = complain(one);
    if (complaint) return complaint;
  }
}

function schemaFault(schema, where) {
  if (schema.type !== undefined && !kTypes.includes(String(schema.type).toLowerCase())) return `${where}.type: invalid value ${schema.type}`;
  if (schema.enum && schema.type !== 'string') return `${where}.enum: only allowed for STRING type`;
  if (schema.enum?.some((one) => typeof one !== 'string' || one === '')) return `${where}.enum: cannot be empty`;
  if (schema.type === 'array' && !schema.items) return `${where}.items: missing field.`;
  if (schema.properties && Object.keys(schema.properties).length === 0) return `${where}.properties: should be non-empty for OBJECT type`;
  const missing = (schema.required ?? []).find((name) => !(name in (schema.properties ?? {})));
  if (missing !== undefined) return `${where}.required[${missing}]: property is not defined`;
  if (schema.anyOf && Object.keys(schema).some((name) => !['anyOf', 'title', 'description', 'nullable'].includes(name)))
    return `${where}: when using any_of, it must be the only field set`;
  return first(Object.entries(schema.properties ?? {}), ([name, one]) => schemaFault(one, `${where}.properties[${name}]`))
    ?? first([...(schema.anyOf ?? []), ...(schema.items ? [schema.items] : [])], (one) => schemaFault(one, `${where}.items`));
}

function toolsFault({ tools = [], toolConfig }) {
  const functions = tools.flatMap(({ functionDeclarations: list }) => list ?? []);
  const names = functions.map(({ name }) => name);
  const builtIn = tools.some((tool) => Object.keys(tool).some((name) => name !== 'functionDeclarations'));
  if (tools.some(({ functionDeclarations: list }) => list?.length === 0)) return 'tools.function_declarations: must not be empty';
  if (builtIn && functions.length > 0) return 'Built-in tools and Function Calling cannot be combined in the same request.';
  if (new Set(names).size !== names.length) return 'Duplicate function declaration found';
  const calling = toolConfig?.functionCallingConfig;
  if (toolConfig && functions.length === 0) return 'Function calling config is set without function_declarations.';
  if (calling && !['AUTO', 'ANY', 'NONE', 'VALIDATED'].includes(calling.mode)) return `Invalid function calling mode ${calling.mode}`;
  if (calling?.allowedFunctionNames && calling.mode !== 'ANY') return 'allowed_function_names should be set only when mode is ANY.';
  const gone = calling?.allowedFunctionNames?.find((name) => !names.includes(name));
  if (gone) return `allowed_function_names contains ${gone}, which is not declared`;
  return first(functions, ({ name, parameters }, where = `function_declarations[${name}]`) => {
    if (!kName.test(name)) return `Invalid function name. Must start with a letter or an underscore. ${where}`;
    if (!parameters) return undefined;
    if (parameters.type !== 'object') return `${where}.parameters.type: must be OBJECT`;
    if (!parameters.properties) return `${where}.parameters.properties: should be non-empty for OBJECT type`;
    return schemaFault(parameters, `${where}.parameters`);
  });
}

function configFault({ generationConfig: config, tools = [] }, model) {
  if (!config) return undefined;
  const { thinkingConfig: thinking, stopSequences: stops = [] } = config;
  const old = /^gemini-[12]/.test(model);
  if (config.maxOutputTokens !== undefined && !(config.maxOutputTokens > 0 && config.maxOutputTokens <= 65536)) return 'max_output_tokens is out of range';
  if (config.temperature !== undefined && !(config.temperature >= 0 && config.temperature <= 2)) return 'temperature must be in the range [0.0, 2.0]';
  if (stops.length > 5 || stops.includes('')) return 'stop_sequences: at most 5, none empty';
  if (thinking?.thinkingLevel !== undefined && thinking.thinkingBudget !== undefined) return 'You can only set only one of thinking budget and thinking level.';
  if (thinking?.thinkingLevel !== undefined && (old || !['minimal', 'low', 'medium', 'high'].includes(thinking.thinkingLevel)))
    return `Thinking level ${thinking.thinkingLevel} is not supported for this model.`;
  if (thinking?.thinkingBudget !== undefined && !(thinking.thinkingBudget >= -1 && thinking.thinkingBudget <= 24576)) return 'The thinking budget is invalid.';
  const json = config.responseMimeType === 'application/json';
  if ((config.responseSchema || config.responseJsonSchema) && !json) return 'response_schema is only allowed with the mime type application/json';
  if (old && json && tools.length > 0) return "Function calling with a response mime type: 'application/json' is unsupported";
  return config.responseSchema && schemaFault(config.responseSchema, 'generation_config.response_schema');
}

function partFault(part, where) {
  const data = kDataFields.filter((name) => name in part);
  if (data.length !== 1) return `${where}: required oneof field 'data' must have one initialized field`;
  if (part.text === '' && !part.thoughtSignature) return `${where}: a text without text`;
  if (part.thoughtSignature !== undefined && !kBase64.test(part.thoughtSignature)) return `${where}.thought_signature: Base64 decoding failed`;
  if (part.inlineData) return blobFault(part.inlineData, where);
  if (part.fileData && !part.fileData.fileUri) return `${where}.file_data: file_uri is empty`;
  const { functionCall: call, functionResponse: response } = part;
  if (call && (!kName.test(call.name) || !isObject(call.args ?? {}))) return `${where}.function_call: invalid name or args`;
  if (response && (!kName.test(response.name) || !isObject(response.response))) return `${where}.function_response: Name cannot be empty, response is a Struct`;
  return first(response?.parts ?? [], ({ inlineData }) => blobFault(inlineData ?? {}, where));
}
const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);
const blobFault = ({ mimeType, data }, where) =>
  (!kMedia.test(mimeType ?? '') ? `Unsupported MIME type: ${mimeType}` : !data || !kBase64.test(data) ? `${where}: Base64 decoding failed` : undefined);

const callsOf = ({ parts }) => parts.flatMap(({ functionCall }) => functionCall ?? []);
const responsesOf = ({ parts }) => parts.flatMap(({ functionResponse }) => functionResponse ?? []);

function contentsFault(contents) {
  if (!Array.isArray(contents) || contents.length === 0) return 'contents are required';
  if (contents[0].role !== 'user') return 'Please ensure that the first content is of the role user.';
  if (contents.at(-1).role !== 'user') return 'Please ensure that multiturn requests end with a user turn.';
  return first(contents.entries(), ([at, content]) => {
    const where = `contents[${at}]`, before = contents[at - 1];
    if (!['user', 'model'].includes(content.role)) return 'Please use a valid role: user, model.';
    if (before?.role === content.role) return `${where}: two turns of one role`;
    if (!content.parts || content.parts.length === 0) return `${where}.parts: contents.parts must not be empty.`;
    const wrong = content.role === 'user' ? callsOf(content) : responsesOf(content);
    if (wrong.length > 0) return `${where}: a function call of the user's or a response of the model's`;
    return first(content.parts.entries(), ([place, part]) => partFault(part, `${where}.parts[${place}]`)) ?? pairsFault(before, content, where);
  });
}

// Responses answer the calls of the turn before, all of them, in their order, and stand before everything else.
function pairsFault(before, content, where) {
  const calls = before?.role === 'model' ? callsOf(before) : [], responses = responsesOf(content);
  if (content.role === 'user' && calls.length !== responses.length)
    return 'Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.';
  if (responses.some(({ id, name }, at) => id !== calls[at].id || name !== calls[at].name)) return `${where}: a response does not fit its call`;
  const late = content.parts.findIndex((part) => !part.functionResponse);
  if (late >= 0 && content.parts.slice(late).some((part) => part.functionResponse)) return `${where}: a response behind other parts`;
}

// `issued`: signature -> { model, name } of the call that it came with; name is undefined for a text. Signatures are checked wherever they
// stand, and demanded on the first call of each step of the current turn.
function signaturesFault(contents, model, issued) {
  const demands = !/^gemini-[12]/.test(model);
  const turn = contents.findLastIndex(({ role, parts }) => role === 'user' && parts.some((part) => !part.functionResponse));
  return first(contents.entries(), ([at, { role, parts }]) => {
    if (role !== 'model') return undefined;
    const call = parts.find(({ functionCall }) => functionCall);
    if (demands && at > turn && call && !call.thoughtSignature)
      return `Function call is missing a thought_signature in functionCall parts. Additional data, function call \`default_api:${call.functionCall.name}\`, position ${at + 1}.`;
    return first(parts, ({ thoughtSignature: signature, functionCall }) => {
      if (signature === undefined || (signature === kAnySignature && demands)) return undefined;
      const known = issued.get(signature);
      return known?.model === model && known.name === functionCall?.name ? undefined : 'Corrupted thought signature.';
    });
  });
}

// What is wrong with a body for `model`, or undefined.
export function geminiFault(json, model, issued) {
  return unknownField(json, 'request', '') ?? toolsFault(json) ?? configFault(json, model) ?? contentsFault(json.contents)
    ?? (json.systemInstruction && first(json.systemInstruction.parts.entries(), ([at, part]) => partFault(part, `system_instruction.parts[${at}]`)))
    ?? signaturesFault(json.contents, model, issued);
}
