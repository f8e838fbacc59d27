"use strict";
/** What can go wrong between a test and the fake. */
Object.defineProperty(exports, "__esModule", { value: true });
exports.VerificationFailed = exports.CannotStart = exports.Conflict = exports.WaitTimedOut = exports.NoSuch = exports.NotAllowed = exports.BadRequest = exports.Unreachable = exports.AdminError = void 0;
exports.errorOf = errorOf;
/** The admin API rejected a request, or did not answer it. */
class AdminError extends Error {
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
exports.AdminError = AdminError;
/** No answer, or one that no fake gives. */
class Unreachable extends AdminError {
}
exports.Unreachable = Unreachable;
/** 400: the request is malformed. */
class BadRequest extends AdminError {
}
exports.BadRequest = BadRequest;
/** 401 or 403: the admin token is missing or wrong, or the server serves its own machine only. */
class NotAllowed extends AdminError {
}
exports.NotAllowed = NotAllowed;
/** 404: there is no such world, scenario, session, fault or snapshot. */
class NoSuch extends AdminError {
}
exports.NoSuch = NoSuch;
/** 408: the condition of a wait did not hold before its timeout. */
class WaitTimedOut extends AdminError {
}
exports.WaitTimedOut = WaitTimedOut;
/** 409: the name is taken, or the state of the world does not allow it. */
class Conflict extends AdminError {
}
exports.Conflict = Conflict;
/** There is no fake to use, or it did not start. The message says what was tried. */
class CannotStart extends Error {
    name = "CannotStart";
}
exports.CannotStart = CannotStart;
/** The calls are not what was expected; the message shows the nearest ones, and what differs. */
class VerificationFailed extends Error {
    name = "VerificationFailed";
}
exports.VerificationFailed = VerificationFailed;
const BY_STATUS = {
    400: BadRequest,
    401: NotAllowed,
    403: NotAllowed,
    404: NoSuch,
    408: WaitTimedOut,
    409: Conflict,
};
/** Return the error for an answer that is not a success of a fake. */
function errorOf(operation, status, body) {
    if (typeof body !== "object" || body === null || !("error" in body)) {
        const message = `expected an answer of a fake, got another with status ${status}`;
        return new Unreachable(operation, message, { status });
    }
    const { error, code, where = "" } = body;
    return new (BY_STATUS[status] ?? AdminError)(operation, error, { code, status, where });
}
