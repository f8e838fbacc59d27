/**
 * Were the right calls made? Expectations about a journal, and why they were not met.
 *
 * A verification whose journal has lost calls that may count fails and says so.
 */
import type { Exchange, RunwayOperation } from "./shapes.js";
/** What a call has to be, to count; `body` and `query` may have more than what is named. */
export interface CallMatch {
    operation?: RunwayOperation | null | undefined;
    method?: string | undefined;
    path?: string | undefined;
    session?: string | undefined;
    task?: string | undefined;
    status?: number | undefined;
    fault?: string | undefined;
    body?: Record<string, unknown> | undefined;
    query?: Record<string, unknown> | undefined;
}
/** A match, and how many calls are expected to match; without a number: at least one. */
export interface Expectation extends CallMatch {
    atLeast?: number | undefined;
    atMost?: number | undefined;
}
/** The calls that a journal has, and how many that match it has lost. */
export interface Calls extends ReadonlyArray<Exchange> {
    readonly gone: number;
}
/**
 * Return the calls that count.
 *
 * @throws VerificationFailed - they are too few, too many, or no longer to be counted
 * @throws TypeError - the arguments contradict each other
 */
export declare function checkCalls(journal: Calls, calls: number | undefined, expectation: Expectation): Exchange[];
/**
 * Return one call for each that is wanted, in this order; others may lie between them.
 *
 * @throws VerificationFailed - one is missing after those before it
 */
export declare function checkOrder(journal: Calls, wanted: ReadonlyArray<RunwayOperation | CallMatch>): Exchange[];
