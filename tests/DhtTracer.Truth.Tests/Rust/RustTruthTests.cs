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

    [Theory]
    [MemberData(nameof(Labels))]
    public void Every_value_of_the_adapter_crate_equals_the_truth(string label) => Compare(new AdapterTruthSource(), AdapterTruthSource.Has, label);

    [Theory]
    [MemberData(nameof(Labels))]
    public void Every_request_of_our_node_is_what_the_rust_servers_saw(string label) => Compare(new OurNodeOnRustTruthSource(), OurNodeOnRustTruthSource.Has, label);

    private static void Compare(RustLogTruthSource source, string label) => Compare(source, source.Has, label);

    private static void Compare(ITruthSource source, Func<CaptureFolder, bool> has, string label)
    {
        var capture = CaptureFolder.Of("rust", label);
        Assert.SkipUnless(has(capture), $"{label} has no capture of this form");
        var differences = source.Compare(capture);

        differences.Print();
        differences.AssertNone();
    }
}
