namespace DhtTracer.Truth.Tests.Go;

/// <summary>What we make of real spans of go-libp2p-kad-dht is what the servers, the library's events and the callers say.</summary>
public sealed class GoTruthTests
{
    public static TheoryData<string> Labels => CaptureFolder.Labels("go");

    [Theory]
    [MemberData(nameof(Labels))]
    public void Every_value_equals_the_truth_or_is_unknown(string label)
    {
        var differences = new GoTruthSource().Compare(CaptureFolder.Of("go", label));

        differences.Print();
        differences.AssertNone();
    }
}
