"use strict";
/**
 * Sends admin requests with `node:http`: a test that replaces `fetch` keeps its fake.
 */
Object.defineProperty(exports, "__esModule", { value: true });
exports.Transport = void 0;
exports.spanText = spanText;
exports.spanSeconds = spanSeconds;
const node_http_1 = require("node:http");
const node_https_1 = require("node:https");
const errors_js_1 = require("./errors.js");
const PATIENCE_S = 60; // beyond intended waits; machines of CI may pause for long
const ROOT = "/__admin";
const UNITS = { ms: 0.001, s: 1, m: 60, h: 3600 };
// idle connections do not keep the process alive
const AGENTS = {
    "http:": new node_http_1.Agent({ keepAlive: true }),
    "https:": new node_https_1.Agent({ keepAlive: true }),
};
/** Return a span as the wire has it. */
function spanText(span) {
    return typeof span === "number" ? `${span}s` : span;
}
/** Return a span in seconds; of a text that is none, 5: the server rejects it. */
function spanSeconds(span) {
    if (typeof span === "number")
        return span;
    const found = /^([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)$/.exec(span);
    return found ? Number(found[1]) * (UNITS[found[2] ?? "s"] ?? 1) : 5;
}
/** The address of a world, and what sends requests about it. */
class Transport {
    /** The name of the world; undefined: the only one of the server. */
    world;
    #address; // private at run time too: nothing that prints this shows the token
    constructor(address, world) {
        this.#address = { url: address.url.replace(/\/+$/, ""), token: address.token };
        this.world = world;
    }
    /** Where the server is. */
    get address() {
        return this.#address;
    }
    /** The base URL by which an application reaches the world. */
    get appUrl() {
        const { url } = this.address;
        return this.world === undefined ? url : `${url}/w/${encodeURIComponent(this.world)}`;
    }
    /** Return one for another world of the same server. */
    ofWorld(name) {
        return new Transport(this.address, name);
    }
    /**
     * Send a request and return its answer.
     *
     * @param operation - its id in the admin document
     * @param request - method and path, such as `GET /sessions/{id}`
     * @throws AdminError - the server rejected the request, or did not answer
     */
    async send(operation, request, { body, query, names = {}, waitS = 0 } = {}) {
        const space = request.indexOf(" ");
        const path = request
            .slice(space + 1)
            .replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(names[name] ?? ""));
        const parameters = new URLSearchParams();
        for (const [name, value] of Object.entries(query ?? {})) {
            if (value !== undefined)
                parameters.set(name, String(value));
        }
        const asked = parameters.toString();
        const url = `${this.appUrl}${ROOT}${path}${asked && `?${asked}`}`;
        const data = body === undefined ? undefined : JSON.stringify(body);
        let answer;
        try {
            answer = await this.exchange(request.slice(0, space), url, data, PATIENCE_S + waitS);
        }
        catch (error) {
            const why = error instanceof Error ? error.message || error.name : String(error);
            throw new errors_js_1.Unreachable(operation, `no answer from ${this.address.url}: ${why}`);
        }
        return read(operation, answer.status, answer.text);
    }
    /**
     * Send a request that is answered with events, and yield them. Whoever stops reading closes it.
     *
     * @throws AdminError - as of `send`, or the connection was lost
     */
    async *stream(operation, request, { query }) {
        const target = new URL(`${this.appUrl}${ROOT}${request.slice(request.indexOf(" ") + 1)}`);
        if (query?.after !== undefined)
            target.searchParams.set("after", query.after);
        const headers = { Accept: "text/event-stream", ...this.ownHeaders() };
        const open = target.protocol === "https:" ? node_https_1.request : node_http_1.request;
        const sent = open(target, { headers, agent: false });
        sent.setTimeout(PATIENCE_S * 1000, () => sent.destroy(new Error("no heartbeat")));
        try {
            const response = await new Promise((resolve, reject) => {
                sent.on("response", resolve).on("error", reject).end();
            });
            response.setEncoding("utf8");
            let rest = "";
            for await (const part of response) {
                rest += part;
                if (response.statusCode !== 200)
                    continue;
                const lines = rest.split("\n");
                rest = lines.pop() ?? "";
                for (const line of lines) {
                    if (line.startsWith("data: "))
                        yield JSON.parse(line.slice(6));
                }
            }
            if (response.statusCode !== 200)
                read(operation, response.statusCode ?? 0, rest);
        }
        catch (error) {
            if (error instanceof errors_js_1.AdminError)
                throw error;
            const why = error instanceof Error ? error.message || error.name : String(error);
            throw new errors_js_1.Unreachable(operation, `no answer from ${this.address.url}: ${why}`);
        }
        finally {
            sent.destroy();
        }
    }
    /** The token, and that a read may make the world: a test that names one owns it. */
    ownHeaders() {
        const { token } = this.address;
        return {
            ...(token === undefined ? {} : { "X-Fake-Admin-Token": token }),
            ...(this.world === undefined ? {} : { "X-Fake-Make-World": "yes" }),
        };
    }
    exchange(method, url, data, timeoutS) {
        const target = new URL(url);
        const secure = target.protocol === "https:";
        const headers = {
            Accept: "application/json",
            ...this.ownHeaders(),
        };
        if (data !== undefined) {
            headers["Content-Type"] = "application/json";
            headers["Content-Length"] = Buffer.byteLength(data);
        }
        return new Promise((resolve, reject) => {
            const agent = AGENTS[secure ? "https:" : "http:"];
            const sent = (secure ? node_https_1.request : node_http_1.request)(target, { method, headers, agent }, (response) => {
                const parts = [];
                response.on("data", (part) => parts.push(part));
                response.on("error", reject);
                response.on("end", () => {
                    resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString() });
                });
            });
            sent.setTimeout(timeoutS * 1000, () => sent.destroy(new Error(`none within ${timeoutS} s`)));
            sent.on("error", reject);
            sent.end(data);
        });
    }
}
exports.Transport = Transport;
function read(operation, status, text) {
    let body;
    try {
        body = text === "" ? undefined : JSON.parse(text);
    }
    catch {
        throw (0, errors_js_1.errorOf)(operation, status, undefined);
    }
    if (status >= 200 && status < 300)
        return body;
    const error = (0, errors_js_1.errorOf)(operation, status, body);
    throw error;
}
