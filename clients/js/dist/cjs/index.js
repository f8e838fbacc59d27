"use strict";
/** A fake of the Runway API for tests in Node: starts it, and is a client of its admin API. */
var __createBinding = (this && this.__createBinding) || (Object.create ? (function(o, m, k, k2) {
    if (k2 === undefined) k2 = k;
    var desc = Object.getOwnPropertyDescriptor(m, k);
    if (!desc || ("get" in desc ? !m.__esModule : desc.writable || desc.configurable)) {
      desc = { enumerable: true, get: function() { return m[k]; } };
    }
    Object.defineProperty(o, k2, desc);
}) : (function(o, m, k, k2) {
    if (k2 === undefined) k2 = k;
    o[k2] = m[k];
}));
var __exportStar = (this && this.__exportStar) || function(m, exports) {
    for (var p in m) if (p !== "default" && !Object.prototype.hasOwnProperty.call(exports, p)) __createBinding(exports, m, p);
};
Object.defineProperty(exports, "__esModule", { value: true });
exports.worldName = exports.failureReport = exports.Transport = exports.startFake = exports.FakeServer = exports.findCommand = void 0;
__exportStar(require("./errors.js"), exports);
__exportStar(require("./fake.js"), exports);
var start_js_1 = require("./start.js");
Object.defineProperty(exports, "findCommand", { enumerable: true, get: function () { return start_js_1.findCommand; } });
Object.defineProperty(exports, "FakeServer", { enumerable: true, get: function () { return start_js_1.FakeServer; } });
Object.defineProperty(exports, "startFake", { enumerable: true, get: function () { return start_js_1.startFake; } });
var transport_js_1 = require("./transport.js");
Object.defineProperty(exports, "Transport", { enumerable: true, get: function () { return transport_js_1.Transport; } });
var worlds_js_1 = require("./worlds.js");
Object.defineProperty(exports, "failureReport", { enumerable: true, get: function () { return worlds_js_1.failureReport; } });
Object.defineProperty(exports, "worldName", { enumerable: true, get: function () { return worlds_js_1.worldName; } });
