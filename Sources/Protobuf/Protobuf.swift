// The protobuf wire format and its JSON mapping.
