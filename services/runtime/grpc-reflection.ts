import { type DescFile, type DescService, fromBinary, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { loadSync, type MessageTypeDefinition, type PackageDefinition } from "@grpc/proto-loader";
import { ReflectionService } from "@grpc/reflection";
import { protoPath as healthProtoPath } from "grpc-health-check";

/** gRPC server reflection of generated services and of the health service. */
export function reflectionOf(services: readonly DescService[]): ReflectionService {
  const files = new Set<DescFile>();
  for (const { file } of services) addWithDependencies(files, file);
  const generated = Array.from(files, ({ proto }) => Buffer.from(toBinary(FileDescriptorProtoSchema, proto)));
  const fileDescriptorProtos = [...generated, ...healthFiles()];
  // The one thing that the reflection service reads of a package definition is its entries' file descriptors.
  return new ReflectionService({ files: { fileDescriptorProtos } } as unknown as PackageDefinition);
}

function addWithDependencies(files: Set<DescFile>, file: DescFile): void {
  if (files.has(file)) return;
  files.add(file);
  for (const dependency of file.dependencies) addWithDependencies(files, dependency);
}

/** protobufjs, which reads the health service's definition, names map entries in a way that strict tools refuse. */
function healthFiles(): Buffer[] {
  const type = loadSync(healthProtoPath)["grpc.health.v1.HealthListResponse"] as MessageTypeDefinition<object, object>;
  return type.fileDescriptorProtos.map((bytes) => {
    const file = fromBinary(FileDescriptorProtoSchema, bytes);
    for (const { field: fields, nestedType } of file.messageType) {
      for (const entry of nestedType.filter(({ options }) => options?.mapEntry)) {
        for (const field of fields) if (field.typeName === entry.name) field.typeName += "Entry";
        entry.name += "Entry";
      }
    }
    return Buffer.from(toBinary(FileDescriptorProtoSchema, file));
  });
}
