/**
 * Sends admin requests with `node:http`: a test that replaces `fetch` keeps its fake.
 */
import type { AnswerOf, BodyOf, OperationId, QueryOf, Span, StreamEvent } from "./shapes.js";
/** Where a fake serves. */
export interface Address {
    /** Its base URL, without a world. */
    readonly url: string;
    /** The token of its admin API, if it has one. */
    readonly token?: string | undefined;
}
export interface Request<Id extends OperationId> {
    body?: BodyOf<Id>;
    query?: QueryOf<Id>;
    /** What replaces the names in braces in the path. */
    names?: Record<string, string>;
    /** How long the server may take on purpose. */
    waitS?: number;
}
/** Return a span as the wire has it. */
export declare function spanText(span: Span): string;
/** Return a span in seconds; of a text that is none, 5: the server rejects it. */
export declare function spanSeconds(span: Span): number;
/** The address of a world, and what sends requests about it. */
export declare class Transport {
    #private;
    /** The name of the world; undefined: the only one of the server. */
    readonly world: string | undefined;
    constructor(address: Address, world?: string);
    /** Where the server is. */
    get address(): Address;
    /** The base URL by which an application reaches the world. */
    get appUrl(): string;
    /** Return one for another world of the same server. */
    ofWorld(name: string): Transport;
    /**
     * Send a request and return its answer.
     *
     * @param operation - its id in the admin document
     * @param request - method and path, such as `GET /sessions/{id}`
     * @throws AdminError - the server rejected the request, or did not answer
     */
    send<Id extends OperationId>(operation: Id, request: string, { body, query, names, waitS }?: Request<Id>): Promise<AnswerOf<Id>>;
    /**
     * Send a request that is answered with events, and yield them. Whoever stops reading closes it.
     *
     * @throws AdminError - as of `send`, or the connection was lost
     */
    stream(operation: "getEvents", request: string, { query }: Request<"getEvents">): AsyncGenerator<StreamEvent, void, undefined>;
    /** The token, and that a read may make the world: a test that names one owns it. */
    private ownHeaders;
    private exchange;
}
