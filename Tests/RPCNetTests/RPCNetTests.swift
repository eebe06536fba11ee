// Tests of RPCNet.
