// Tests of FakeX.
