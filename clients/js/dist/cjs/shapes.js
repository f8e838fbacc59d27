"use strict";
/** The shapes of the admin API by their names here; `generated/admin.ts` is made of its document. */
Object.defineProperty(exports, "__esModule", { value: true });
