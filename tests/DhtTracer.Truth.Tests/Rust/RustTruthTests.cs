namespace DhtTracer.Truth.Tests.Rust;

/// <summary>What we make of logs of real Rust nodes is what both ends of each request saw.</summary>
public sealed class RustTruthTests
{
    public static TheoryData<string> Human => With(RustLogTruthSource.Human.Has);

    public static TheoryData<string> Json => With(RustLogTruthSource.Json.Has);

    public static TheoryData<string> Litep2pHuman => With(RustLogTruthSource.Litep2pHuman.Has);

    public static TheoryData<string> Litep2pJson => With(RustLogTruthSource.Litep2pJson.Has);

    public static TheoryData<string> Adapter => With(AdapterTruthSource.Native.Has);

    public static TheoryData<string> AdapterWithGoNames => With(AdapterTruthSource.GoNames.Has);

    public static TheoryData<string> OurNode => With(OurNodeOnRustTruthSource.Has);

    [Theory]
    [MemberData(nameof(Human))]
    public void Every_value_of_a_human_log_of_rust_libp2p_equals_the_truth_or_is_unknown(string label) =>
        Compare(RustLogTruthSource.Human, label);

    [Theory]
    [MemberData(nameof(Json))]
    public void Every_value_of_a_json_log_of_rust_libp2p_equals_the_truth_or_is_unknown(string label) =>
        Compare(RustLogTruthSource.Json, label);

    [Theory]
    [MemberData(nameof(Litep2pHuman))]
    public void Every_value_of_a_human_log_of_litep2p_equals_the_truth_or_is_unknown(string label) =>
        Compare(RustLogTruthSource.Litep2pHuman, label);

    [Theory]
    [MemberData(nameof(Litep2pJson))]
    public void Every_value_of_a_json_log_of_litep2p_equals_the_truth_or_is_unknown(string label) =>
        Compare(RustLogTruthSource.Litep2pJson, label);

    [Theory]
    [MemberData(nameof(Adapter))]
    public void Every_value_of_the_adapter_crate_equals_the_truth(string label) => Compare(AdapterTruthSource.Native, label);

    [Theory]
    [MemberData(nameof(AdapterWithGoNames))]
    public void Every_value_of_an_adapter_with_the_names_of_go_equals_the_truth_or_is_unknown(string label) =>
        Compare(AdapterTruthSource.GoNames, label);

    [Theory]
    [MemberData(nameof(OurNode))]
    public void Every_request_of_our_node_is_what_the_rust_servers_saw(string label) => Compare(new OurNodeOnRustTruthSource(), label);

    /// <summary>Labels of the captures that hold a form; a capture is of one library, and not every one was taken in every form.</summary>
    private static TheoryData<string> With(Func<CaptureFolder, bool> form) =>
        [.. CaptureFolder.All("rust").Where(form).Select(static capture => capture.Label)];

    private static void Compare(ITruthSource source, string label)
    {
        var differences = source.Compare(CaptureFolder.Of("rust", label));

        differences.Print();
        differences.AssertNone();
    }
}
