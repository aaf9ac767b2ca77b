/** What came back: the status, the headers and the JSON. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // oxlint-disable-next-line typescript/no-explicit-any -- every shape; what is absent fails its expectation
  readonly body: any;
}

export interface Call {
  readonly method?: string;
  readonly path: string;
  readonly json?: unknown;
  readonly raw?: string | Uint8Array<ArrayBuffer>;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Client = (call: Call) => Promise<Answer>;

export const clientOf =
  (url: string): Client =>
  async ({ method = "GET", path, json, raw, headers = {} }) => {
    const body = json === undefined ? raw : JSON.stringify(json);
    const response = await fetch(url + path, {
      method,
      headers: body === undefined ? headers : { "content-type": "application/json", ...headers },
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.includes("json") === true;
    return {
      status: response.status,
      headers: response.headers,
      body: isJson ? JSON.parse(text) : text,
    };
  };

export const remember = (
  client: Client,
  json: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> => client({ method: "POST", path: "/api/v1/memories/remember", json, headers });
