namespace DhtTracer.Truth.Tests.Rust;

/// <summary>What we make of logs of real Rust nodes is what both ends of each request saw.</summary>
public sealed class RustTruthTests
{
    public static TheoryData<string> Labels => [.. CaptureFolder.All("rust").Select(static capture => capture.Label)];

    [Theory]
    [MemberData(nameof(Labels))]
    public void Every_value_of_a_human_log_of_rust_libp2p_equals_the_truth_or_is_unknown(string label) => Compare(RustLogTruthSource.Human, label);

    [Theory]
    [MemberData(nameof(Labels))]
    public void Every_value_of_a_json_log_of_rust_libp2p_equals_the_truth_or_is_unknown(string label) => Compare(RustLogTruthSource.Json, label);

    [Theory]
    [MemberData(nameof(Labels))]
    public void Every_value_of_a_human_log_of_litep2p_equals_the_truth_or_is_unknown(string label) => Compare(RustLogTruthSource.Litep2pHuman, label);

    [Theory]
    [MemberData(nameof(Labels))]
    public void Every_value_of_a_json_log_of_litep2p_equals_the_truth_or_is_unknown(string label) => Compare(RustLogTruthSource.Litep2pJson, label);

    private static void Compare(RustLogTruthSource source, string label)
    {
        var capture = CaptureFolder.Of("rust", label);
        Assert.SkipUnless(source.Has(capture), $"{label} has no log of this form");
        var differences = source.Compare(capture);

        differences.Print();
        differences.AssertNone();
    }
}
