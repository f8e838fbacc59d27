/** What can go wrong between a test and the fake. */
/** The admin API rejected a request, or did not answer it. */
export class AdminError extends Error {
    /** The id of the operation in the admin document, such as `putScenario`. */
    operation;
    /** The server's stable code; empty: it named none. */
    code;
    /** Of the answer; 0: there was none. */
    status;
    /** The place in the body that is wrong; empty: the server named none. */
    where;
    constructor(operation, message, { code = "", status = 0, where = "" } = {}) {
        super(`${operation}: ${message}${where && ` (at ${where})`}`);
        this.name = new.target.name;
        this.operation = operation;
        this.code = code;
        this.status = status;
        this.where = where;
    }
}
/** No answer, or one that no fake gives. */
export class Unreachable extends AdminError {
}
/** 400: the request is malformed. */
export class BadRequest extends AdminError {
}
/** 401 or 403: the admin token is missing or wrong, or the server serves its own machine only. */
export class NotAllowed extends AdminError {
}
/** 404: there is no such world, scenario, session, fault or snapshot. */
export class NoSuch extends AdminError {
}
/** 408: the condition of a wait did not hold before its timeout. */
export class WaitTimedOut extends AdminError {
}
/** 409: the name is taken, or the state of the world does not allow it. */
export class Conflict extends AdminError {
}
/** There is no fake to use, or it did not start. The message says what was tried. */
export class CannotStart extends Error {
    name = "CannotStart";
}
/** The calls are not what was expected; the message shows the nearest ones, and what differs. */
export class VerificationFailed extends Error {
    name = "VerificationFailed";
}
const BY_STATUS = {
    400: BadRequest,
    401: NotAllowed,
    403: NotAllowed,
    404: NoSuch,
    408: WaitTimedOut,
    409: Conflict,
};
/** Return the error for an answer that is not a success of a fake. */
export function errorOf(operation, status, body) {
    if (typeof body !== "object" || body === null || !("error" in body)) {
        const message = `expected an answer of a fake, got another with status ${status}`;
        return new Unreachable(operation, message, { status });
    }
    const { error, code, where = "" } = body;
    return new (BY_STATUS[status] ?? AdminError)(operation, error, { code, status, where });
}
