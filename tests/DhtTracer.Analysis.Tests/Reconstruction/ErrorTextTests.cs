using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;

namespace DhtTracer.Analysis.Tests.Reconstruction;

/// <summary>Texts of real programs and the class of each.</summary>
public sealed class ErrorTextTests
{
    [Theory]
    [InlineData("connection closed (local): code: 0x1005: transport error: sent go away, code: 4101", ErrorClass.Reset)]
    [InlineData("connection closed (remote): code: 0x0: remote sent go away", ErrorClass.Reset)]
    [InlineData("stream reset", ErrorClass.Reset)]
    [InlineData("failed to dial: context deadline exceeded", ErrorClass.DialTimeout)]
    [InlineData("dial tcp4 11.0.0.1:4001: connect: connection refused", ErrorClass.DialRefused)]
    [InlineData("context canceled", ErrorClass.Cancelled)]
    [InlineData("routing: not found", ErrorClass.NotFound)]
    [InlineData("something nobody has seen yet", ErrorClass.Other)]
    public void A_text_has_its_class_and_is_kept(string text, string expected) =>
        Assert.Equal(new TraceError(expected, text), ErrorText.Classify(text));

    [Fact]
    public void An_error_without_a_text_is_other() => Assert.Equal(new TraceError(ErrorClass.Other, null), ErrorText.Classify(""));
}
