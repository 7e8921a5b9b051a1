import { ANSWER_SCHEMA, REPORT_SCHEMA } from "../surfaces/altcraft/schemas.ts";
import { type Answer, EXAMPLE, type Exchange, JSON_BODY, type Section, XML_BODY } from "./operation.ts";

const TAG = "Altcraft";
const answer = (description: string): Answer => ({
  description,
  body: { [JSON_BODY]: "AltcraftAnswer", [XML_BODY]: "AltcraftAnswer" },
});
const REPORT = {
  token: EXAMPLE.serverKey,
  events: 1,
  launch_id: 7,
  provider: "android-firebase",
  subscription_id: "subscription-1",
  uid: "push-1",
};
const XML_REPORT = `<xml>
  <token>${EXAMPLE.serverKey}</token>
  <events>1</events>
  <launch_id>7</launch_id>
  <provider>android-firebase</provider>
  <subscription_id>subscription-1</subscription_id>
  <uid>push-1</uid>
</xml>`;
const SUCCESS = { error: 0, error_text: "Successful operation" };

const EXCHANGES: readonly Exchange[] = [
  { name: "delivered", summary: "A push was delivered", request: REPORT, status: 200, answer: SUCCESS },
  {
    name: "byUid",
    summary: "A push told by its uid was delivered and opened",
    headers: { Authorization: `Bearer ${EXAMPLE.serverKey}` },
    request: { events: "3", uid: "e|launch-7|subscription-1|ios-apns" },
    status: 200,
    answer: SUCCESS,
  },
  {
    name: "deliveredXml",
    summary: "A push was delivered",
    contentType: XML_BODY,
    request: XML_REPORT,
    status: 200,
    answer: "<xml><error>0</error><error_text>Successful operation</error_text></xml>",
  },
  {
    name: "missing",
    isWrong: true,
    summary: "A field is missing",
    request: { ...REPORT, uid: undefined },
    status: 400,
    answer: { error: 2, error_text: "uid is required" },
  },
  {
    name: "invalidXml",
    isWrong: true,
    summary: "A value is none of those that there are",
    contentType: XML_BODY,
    request: XML_REPORT.replace("<events>1<", "<events>4<"),
    status: 400,
    answer:
      '<xml><error>3</error><error_text>events must be 1 (delivered), 2 (opened) or 3 (both), but is "4"</error_text></xml>',
  },
  {
    name: "wrongKey",
    summary: "Unknown key",
    request: { ...REPORT, token: "unknown" },
    status: 401,
    answer: {
      error: 4,
      error_text: "token is missing or is no server key; send it as the field token or as Authorization: Bearer",
    },
  },
  {
    name: "rateLimited",
    summary: "Too many requests",
    given: "over the limit",
    request: REPORT,
    status: 429,
    answer: { error: 5, error_text: "Too many requests; retry in 60 s" },
  },
  {
    name: "overloaded",
    summary: "Overload",
    given: "overloaded",
    request: REPORT,
    status: 503,
    answer: { error: 6, error_text: "The service is overloaded; retry in 2 s" },
  },
];

/** The API for another system's reports about its own pushes. */
export const ALTCRAFT: Section = {
  tag: TAG,
  description:
    "For backends that send pushes by themselves and report what became of them, in JSON or XML, answered in the same format or as `Accept` asks.",
  schemas: { AltcraftReport: REPORT_SCHEMA, AltcraftAnswer: ANSWER_SCHEMA },
  operations: [
    {
      path: "/api/v1.1/pushes/post_events",
      method: "post",
      id: "altcraftPostEvents",
      tag: TAG,
      summary: "Report a delivered or opened push",
      description:
        "A push is known by `provider`, `subscription_id`, `launch_id` and `uid`. The server key goes into `token` or into `Authorization: Bearer`. In XML the fields are elements within `<xml>`; document types and entities of one's own are refused. It may be repeated.",
      security: ["bearer", "body"],
      headers: [],
      body: { [JSON_BODY]: "AltcraftReport", [XML_BODY]: "AltcraftReport" },
      answers: {
        200: answer("The report is stored"),
        400: answer("Malformed body (1), missing field (2) or invalid value (3)"),
        401: answer("No key, or one that is no server key"),
        429: answer("Too many requests: 1,000 a minute for each key, unless configured otherwise"),
        500: answer("A defect of ours"),
        503: answer("The service is overloaded, or cannot reach something that it needs; send it again later"),
      },
      exchanges: EXCHANGES,
    },
  ],
};
