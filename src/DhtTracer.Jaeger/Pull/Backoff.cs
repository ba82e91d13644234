namespace DhtTracer.Jaeger.Pull;

/// <summary>
/// Waits between attempts: twice as long each time, from a second to a minute, of which a random half is waited, so that many pullers do
/// not come back at the same moment. Never stops by itself.
/// </summary>
internal sealed class Backoff(TimeProvider clock)
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);
    private TimeSpan _next = First;
    private DateTimeOffset? _failingSince;

    /// <summary>How long the failures in a row have lasted.</summary>
    public TimeSpan Failing => _failingSince is { } since ? clock.GetUtcNow() - since : TimeSpan.Zero;

    /// <summary>An attempt succeeded.</summary>
    public void Reset()
    {
        _next = First;
        _failingSince = null;
    }

    /// <summary>An attempt failed: waits.</summary>
    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        _failingSince ??= clock.GetUtcNow();
        var wait = (_next / 2) + (_next / 2 * Random.Shared.NextDouble());
        _next = _next * 2 < Longest ? _next * 2 : Longest;
        await Task.Delay(wait, clock, cancellationToken);
    }
}
