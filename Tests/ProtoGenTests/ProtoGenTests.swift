// Tests of ProtoGen.
