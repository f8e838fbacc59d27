/** What can go wrong between a test and the fake. */
/** The admin API rejected a request, or did not answer it. */
export declare class AdminError extends Error {
    /** The id of the operation in the admin document, such as `putScenario`. */
    readonly operation: string;
    /** The server's stable code; empty: it named none. */
    readonly code: string;
    /** Of the answer; 0: there was none. */
    readonly status: number;
    /** The place in the body that is wrong; empty: the server named none. */
    readonly where: string;
    constructor(operation: string, message: string, { code, status, where }?: {
        code?: string;
        status?: number;
        where?: string;
    });
}
/** No answer, or one that no fake gives. */
export declare class Unreachable extends AdminError {
}
/** 400: the request is malformed. */
export declare class BadRequest extends AdminError {
}
/** 401 or 403: the admin token is missing or wrong, or the server serves its own machine only. */
export declare class NotAllowed extends AdminError {
}
/** 404: there is no such world, scenario, session, fault or snapshot. */
export declare class NoSuch extends AdminError {
}
/** 408: the condition of a wait did not hold before its timeout. */
export declare class WaitTimedOut extends AdminError {
}
/** 409: the name is taken, or the state of the world does not allow it. */
export declare class Conflict extends AdminError {
}
/** There is no fake to use, or it did not start. The message says what was tried. */
export declare class CannotStart extends Error {
    readonly name = "CannotStart";
}
/** The calls are not what was expected; the message shows the nearest ones, and what differs. */
export declare class VerificationFailed extends Error {
    readonly name = "VerificationFailed";
}
/** Return the error for an answer that is not a success of a fake. */
export declare function errorOf(operation: string, status: number, body: unknown): AdminError;
