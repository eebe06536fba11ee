package import Protobuf

/// What the plugin answers to protoc.
package enum Plugin {
  /// Answers an encoded `CodeGeneratorRequest` with an encoded `CodeGeneratorResponse`.
  ///
  /// A fault of the schema or of an option is part of the answer. What is thrown is that the
  /// request is not one.
  package static func respond(
    to request: [UInt8]
  ) throws(DecodingError) -> CodeGeneratorResponse {
    let request = try CodeGeneratorRequest(serialized: request)
    var response = CodeGeneratorResponse()
    let feature = CodeGeneratorResponse.Feature.proto3Optional
    response.supportedFeatures = UInt64(feature.rawValue) | supportsEditions
    // `minimum_edition` and `maximum_edition`.
    response.unknownFields.append(3, Features.editions.lowerBound, UInt64.Coding.self)
    response.unknownFields.append(4, Features.editions.upperBound, UInt64.Coding.self)
    do {
      response.file = try files(request)
    } catch {
      response.error = error.description
    }
    return response
  }

  /// `FEATURE_SUPPORTS_EDITIONS`, which plugin.proto has had since protobuf 27.
  private static let supportsEditions: UInt64 = 2

  private static func files(
    _ request: CodeGeneratorRequest
  ) throws(GeneratorError) -> [CodeGeneratorResponse.File] {
    let options = try GeneratorOptions(parameter: request.parameter ?? "")
    let schema = try Schema(request.protoFile, options: options)
    let layout = Layout(schema)
    let wanted = Set(request.fileToGenerate)
    var files: [CodeGeneratorResponse.File] = []
    for file in request.protoFile where wanted.contains(file.name ?? "") {
      let generator = FileGenerator(file, schema: schema, layout: layout)
      var output = CodeGeneratorResponse.File()
      output.name = generator.outputName
      output.content = try generator.generate()
      files.append(output)
    }
    return files
  }
}
