import { create, createFileRegistry, type DescService } from "@bufbuild/protobuf";
import {
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FileDescriptorProtoSchema,
} from "@bufbuild/protobuf/wkt";

/** Shape of the one method of a service that is made for a test. */
export interface MadeMethod {
  readonly clientStreaming?: boolean;
  readonly serverStreaming?: boolean;
  /** Fields of its request; all are strings. */
  readonly requestFields: readonly string[];
}

/** A service `carillon.test.v1.TailService` with one method `Tail`, whose response has the field `text`. */
export function madeService({ clientStreaming, serverStreaming, requestFields }: MadeMethod): DescService {
  const message = (name: string, fields: readonly string[]) => ({
    name,
    field: fields.map((field, index) => ({
      name: field,
      number: index + 1,
      type: FieldDescriptorProto_Type.STRING,
      label: FieldDescriptorProto_Label.OPTIONAL,
    })),
  });
  const file = create(FileDescriptorProtoSchema, {
    name: "carillon/test/v1/tail.proto",
    package: "carillon.test.v1",
    syntax: "proto3",
    messageType: [message("TailRequest", requestFields), message("TailResponse", ["text"])],
    service: [
      {
        name: "TailService",
        method: [
          {
            name: "Tail",
            inputType: ".carillon.test.v1.TailRequest",
            outputType: ".carillon.test.v1.TailResponse",
            clientStreaming: clientStreaming ?? false,
            serverStreaming: serverStreaming ?? false,
          },
        ],
      },
    ],
  });
  const registry = createFileRegistry(file, () => undefined);
  return registry.getService("carillon.test.v1.TailService")!;
}
