namespace DhtTracer.Truth.Tests.Kubo;

/// <summary>What a real Kubo's spans become is what its users asked, what they got, and what the servers saw.</summary>
public sealed class KuboTruthTests
{
    public static TheoryData<string> Labels => CaptureFolder.Labels("kubo");

    [Theory]
    [MemberData(nameof(Labels))]
    public void Every_command_is_the_operations_that_it_asked_for(string label)
    {
        var differences = new KuboTruthSource().Compare(CaptureFolder.Of("kubo", label));

        differences.Print();
        differences.AssertNone();
    }
}
