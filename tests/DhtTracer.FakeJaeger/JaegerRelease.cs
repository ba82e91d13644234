namespace DhtTracer.FakeJaeger;

/// <summary>Whose behaviour is imitated. What each does was observed on the real servers with memory storage; docs/jaeger.md lists
/// it.</summary>
public enum JaegerRelease
{
    /// <summary>v1.60: no limit without a depth, newest by start, random order otherwise.</summary>
    V1_60,

    /// <summary>v2.10: a depth is required, newest by arrival.</summary>
    V2_10,

    /// <summary>As v2.10, with the search of HTTP v1 removed and camelCase parameters known, as announced for later releases.</summary>
    Later,
}
