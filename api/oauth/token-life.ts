/** How long an access token lives (SMART Backend Services section 3.4: at most 300), in seconds. */
export const TOKEN_SECONDS = 300;
