/**
 * Bytes of one gRPC message: a page of 1,000 events (operator API), each of them sent in a body of at most 64 KB.
 */
export const maxMessageBytes = 64 * 1024 * 1024;
