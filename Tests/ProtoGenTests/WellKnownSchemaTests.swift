import ProtoGen
import Protobuf
import Testing

/// descriptor.proto, plugin.proto and the well-known types, generated like any other schema.
///
/// That they compile, without warnings, is what building shows; those of newer protobuf versions are
/// compiled by `Tests/EndToEnd/test_generator.py`.
@Suite
struct WellKnownSchemaTests {
  private static let types: [any Message.Type] = [
    BoolValue.self, BytesValue.self, CodeGeneratorRequest.self, CodeGeneratorResponse.File.self,
    CodeGeneratorResponse.self, DescriptorProto.ExtensionRange.self, DescriptorProto.self,
    DoubleValue.self, Empty.self, EnumDescriptorProto.self, EnumOptions.self,
    EnumValueDescriptorProto.self, EnumValueOptions.self, ExtensionRangeOptions.self,
    FieldDescriptorProto.self, FieldMask.self, FieldOptions.self, FileDescriptorProto.self,
    FileDescriptorSet.self, FileOptions.self, FloatValue.self, GeneratedCodeInfo.self,
    Int32Value.self, Int64Value.self, ListValue.self, MessageOptions.self,
    MethodDescriptorProto.self, MethodOptions.self, OneofDescriptorProto.self, OneofOptions.self,
    ProtoAny.self, ProtoDuration.self, ProtoType.self, SchemaApi.self, SchemaEnum.self,
    SchemaEnumValue.self, SchemaField.self, SchemaMethod.self, SchemaMixin.self, SchemaOption.self,
    ServiceDescriptorProto.self, ServiceOptions.self, SourceCodeInfo.Location.self,
    SourceCodeInfo.self, SourceContext.self, StringValue.self, Struct.self, Timestamp.self,
    UInt32Value.self, UInt64Value.self, UninterpretedOption.self, Value.self, Version.self,
  ]

  @Test(arguments: types)
  func `every field that is read is written the same`(_ type: any Message.Type) throws {
    try RoundTrip.check(type)
  }
}
