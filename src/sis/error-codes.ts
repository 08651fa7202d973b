/** What kind of trouble an error is; decides what is done about it, and which alarm it raises. */
export type ErrorClass =
  /** Transient trouble of the service. */
  | "service"
  /** The service does not accept who we say we are. */
  | "credentials"
  /** The account lacks a right, a subscription, money: only a person can mend it. */
  | "account"
  /** Too much asked in too short a time. */
  | "throttled"
  /** The same request will fail again. */
  | "config"
  /** The service got no audio. */
  | "silence"
  /** The service could not use the audio. */
  | "audio"
  /** Our messages came in an order that the service does not take. */
  | "sequence"
  /** The service could not be reached, or the connection broke. */
  | "network";

type Row = readonly [code: string, errorClass: ErrorClass, meaning: string, hint: string];

const goesOn = "The agent keeps trying; after an hour of it, give the vendor's support the code and the trace id.";
const synthesis = "It is about speech synthesis:";

/**
 * The codes of the service, of the gateway before it, and of HTTP, each with its class, its meaning, and what a person
 * should do. Sources: SIS API reference, "error codes"; API Gateway, "error codes"; RFC 9110.
 */
// biome-ignore format: a table, one row a line
export const errorCodes: readonly Row[] = [
  ["SIS.0001", "service", "the service lost a connection inside itself", `The service lost its own storage or cache; nothing is wrong on this device. ${goesOn}`],
  ["SIS.0003", "service", "the service could not make sense of the token's user, or failed inside", `The service trips over the token's user; if it stays, make a new IAM user or access key. ${goesOn}`],
  ["SIS.0012", "config", "the request lacks a field", "Compare the [sis] settings with the documentation; property and audio_format must be set."],
  ["SIS.0022", "account", "the product cannot be bought", "Open the SIS page of the cloud console with this account and see whether the service is on sale in the region."],
  ["SIS.0023", "account", "buying the product failed", "Check the account's balance and orders in the cloud console."],
  ["SIS.0024", "account", "the account's limit may not be changed", "Ask the vendor to lift the account's limit."],
  ["SIS.0031", "config", "the service does not support a value of the request", "Check property, audio_format, mode and the vad_* settings against the documentation of your region."],
  ["SIS.0032", "config", "the service cannot read the request, or a value in it", "The message names the field: correct that setting under [sis]."],
  ["SIS.0033", "service", "the recognition engine did not answer in time", `The region's recognition engine is slow or overloaded; nothing is wrong on this device. ${goesOn}`],
  ["SIS.0100", "service", "the service met an internal error", `An internal error of the service; nothing is wrong on this device. ${goesOn}`],
  ["SIS.0101", "credentials", "the token is not accepted", "Check user, domain and password, that project_id belongs to the endpoint's region, and that the account is not frozen; a ready-made token must be of that project and not older than 24 h."],
  ["SIS.0102", "credentials", "the request carries no credentials", "Check [sis.auth]; a proxy that strips the X-Auth-Token header does this too."],
  ["SIS.0103", "account", "the account has not proved its owner's identity", "Complete real-name authentication for the account in the cloud console."],
  ["SIS.0201", "config", "the hot-word table does not exist", "Check vocabulary_id: the table must be in the same project and region; remove the setting to do without."],
  ["SIS.0203", "config", "a hot word is too long or not allowed", "Correct the hot-word table; the message names the word."],
  ["SIS.0204", "config", "a hot-word table of this name exists", "Choose another name for the hot-word table."],
  ["SIS.0205", "config", "the hot-word table's language is not supported", "Change the language of the hot-word table to that of property."],
  ["SIS.0206", "service", "the service could not save the hot words", `The hot-word table was not saved: save it again in the console, or leave vocabulary_id out meanwhile. ${goesOn}`],
  ["SIS.0207", "config", "the hot-word table is damaged", "Make the hot-word table anew and set its id as vocabulary_id."],
  ["SIS.0208", "config", "the project has too many hot-word tables", "Delete hot-word tables that are no longer used."],
  ["SIS.0301", "config", "audio_format does not fit the model", "Make the rates agree: an 8k property needs an 8k audio_format, a 16k property a 16k one."],
  ["SIS.0302", "service", "the recognition service failed inside", `A fault inside real-time recognition; nothing is wrong on this device. ${goesOn}`],
  ["SIS.0303", "service", "the recognition engine cannot be reached inside the service", `The region's recognition engine is away: see the vendor's status page for the region. ${goesOn}`],
  ["SIS.0304", "silence", "the service got no audio for 20 seconds", "Check the microphone and its cable first (does the level move?), then whether the network's upload is starved."],
  ["SIS.0305", "service", "recognition broke down", `Recognition of this sound broke down; the agent sends it again. ${goesOn}`],
  ["SIS.0306", "service", "the recognition engine reported an error", `The engine failed on this sound; the agent sends it again. Only if one property is concerned, try another. ${goesOn}`],
  ["SIS.0307", "service", "the recognition task failed", `The service gave up this session; the agent opens another. ${goesOn}`],
  ["SIS.0309", "audio", "the session's audio is longer than the mode allows",
    'Nothing to do: the agent starts a new session. If it comes back often, use mode = "continuous".'],
  ["SIS.0312", "throttled", "the account has too many sessions at once", "Have fewer devices share the account's project, or buy a higher concurrency."],
  ["SIS.0401", "service", "speech synthesis broke down", `Speech synthesis broke down; the agent asks again. ${goesOn}`],
  ["SIS.0402", "config", "synthesis does not take this sample_rate", `${synthesis} use 8000 or 16000.`],
  ["SIS.0410", "config", "synthesis does not take this audio_format", `${synthesis} use pcm, alaw or ulaw.`],
  ["SIS.0411", "config", "synthesis does not have this property", `${synthesis} choose a voice that the region offers, e.g. chinese_xiaoyan_common.`],
  ["SIS.0412", "service", "the synthesis engine cannot be reached in time", `The region's synthesis engine is away or overloaded: see the vendor's status page for the region. ${goesOn}`],
  ["SIS.0413", "service", "speech synthesis failed inside", `A fault inside speech synthesis; nothing is wrong on this device. ${goesOn}`],
  ["SIS.0414", "service", "speech synthesis took too long", `The synthesis engine is slow: a shorter text helps. ${goesOn}`],
  ["SIS.0415", "config", "the synthesis request has a wrong value", `${synthesis} check speed, pitch, volume and the text.`],
  ["SIS.0416", "silence", "the service waited in vain for a text to speak", "The text did not arrive in time: check the network's upload; the agent sends it again."],
  ["SIS.0417", "service", "the synthesis engine reported an error", `The synthesis engine failed on this text; if other texts work, rephrase it. ${goesOn}`],
  ["SIS.0418", "sequence", "a second text was sent on one synthesis connection", "Nothing to do: the agent connects anew. If it comes back, report it with the log: it is a defect of the agent."],
  ["SIS.0536", "throttled", "the account has too many recognition tasks waiting", "Wait, or have fewer devices and programs use the account at the same time."],
  ["SIS.0601", "config", "a parameter of the request is not allowed", "Check the [sis] settings against the documentation."],
  ["SIS.0602", "config", "the service does not support the speech format", "Set audio_format to one the service lists, e.g. pcm16k16bit."],
  ["SIS.0604", "config", "the speech or the text is too long", "Shorten the text to be spoken to under 500 characters."],
  ["SIS.0605", "service", "recognition or synthesis failed inside", `A fault inside the service's engine; nothing is wrong on this device. ${goesOn}`],
  ["SIS.0701", "audio", "the audio is larger than the service takes", "Set a smaller chunk_ms (100 is usual); if it comes back, check audio_format."],
  ["SIS.0702", "config", "a value of the request is not allowed", "The message names it: correct that setting under [sis]."],
  ["SIS.30004", "config", "the service could not load the hot-word table", "Check that the table of vocabulary_id still exists."],
  ["SIS.30006", "audio", "the service could not decode the audio", "Check that audio_format is what the source really delivers; listen to the microphone for noise only."],
  ["SIS.30007", "config", "the engine could not load the hot words", "Check that the table of vocabulary_id still exists and is not empty."],
  ["SIS.30008", "service", "the engine failed to transcribe", `The engine failed to transcribe this sound; check that property is the language spoken. ${goesOn}`],
  ["APIGW.0101", "config", "the gateway knows no such API", "Check endpoint and mode: the endpoint must be that of SIS (sis-ext…) in a region that has real-time recognition."],
  ["APIGW.0201", "service", "the gateway could not pass the request on, or found it malformed", `The gateway lost its way to the service for the moment. If it comes at once and every time, check endpoint and project_id. ${goesOn}`],
  ["APIGW.0301", "credentials", "the gateway does not accept the signature or token", "Check access key and secret key for a missing or extra character and that they belong together, and this device's clock (timedatectl). After five wrong attempts the gateway locks the key for five minutes."],
  ["APIGW.0302", "account", "the user has no right to call this API", "Give the IAM user the right to use SIS in this project."],
  ["APIGW.0303", "account", "the gateway does not know this application", "Use the access key of an IAM user of the project, not that of an application of another service."],
  ["APIGW.0307", "credentials", "the token has to be renewed", "With a ready-made token: put a new one into its file (a token lives 24 h). Otherwise the agent does it itself."],
  ["APIGW.0308", "throttled", "the gateway's limit of requests is reached", "Have fewer devices share the account, or ask the vendor for a higher limit of calls to this API."],
  ["APIGW.0602", "service", "the gateway could not use the request towards the service", `The gateway and the service do not understand each other; check that mode and endpoint belong together. ${goesOn}`],
  ["HTTP.400", "config", "the service calls the request malformed", "Check endpoint, project_id and mode; a proxy that rewrites the upgrade request causes this too."],
  ["HTTP.401", "credentials", "the service does not accept the credentials", "Check [sis.auth] and this device's clock (timedatectl)."],
  ["HTTP.403", "account", "the service forbids it", "Check that the account is in good standing and the IAM user has the right to use SIS; a proxy or firewall may answer like this too."],
  ["HTTP.404", "config", "there is no such address", "Check that the endpoint is that of SIS (sis-ext…) and that project_id and mode are right."],
  ["HTTP.407", "network", "a proxy on the way wants credentials", "Let this device reach the endpoint directly, or without credentials."],
  ["HTTP.408", "service", "the request took too long to arrive", "Check the network's upload."],
  ["HTTP.429", "throttled", "too many requests in too short a time", "Have fewer devices share the account, or ask the vendor for a higher limit."],
  ["HTTP.500", "service", "the service failed inside", `A fault inside the service; nothing is wrong on this device. ${goesOn}`],
  ["HTTP.502", "service", "the gateway cannot reach the service", `The gateway cannot reach the service: see the vendor's status page for the region. ${goesOn}`],
  ["HTTP.503", "service", "the service is not available at present", `The service is down or overloaded: see the vendor's status page for the region. ${goesOn}`],
  ["HTTP.504", "service", "the service did not answer the gateway in time", `The service answers its gateway too slowly: see the vendor's status page for the region. ${goesOn}`],
  ["HTTP.511", "network", "the network wants a login first", "Log this device in to the network (captive portal), or use another network."],
];
