namespace DhtTracer.Truth.Tests.KuboEvents;

/// <summary>Streams of query events that were captured at real Kubo daemons.</summary>
public sealed class KuboEventsTruthTests
{
    public static TheoryData<string> Captures => CaptureFolder.Labels("kubo");

    [Theory]
    [MemberData(nameof(Captures))]
    public void Every_value_equals_the_stream_or_is_unknown(string label)
    {
        var found = new KuboEventsTruthSource().Compare(CaptureFolder.Of("kubo", label));

        found.Print();
        if (label == "faults-cancelled")
        {
            // The daemon was stopped: it ends the stream as if the lookup had found nothing.
            found.Allow("outcome", 1);
        }

        found.AssertNone();
    }
}
