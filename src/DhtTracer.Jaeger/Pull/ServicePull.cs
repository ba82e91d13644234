namespace DhtTracer.Jaeger.Pull;

/// <summary>
/// Copies one service's traces from one Jaeger, and keeps up with new ones: the plan gives windows of time, the reader reads their traces,
/// the inbox stores what is new of them together with the checkpoint.
/// </summary>
internal sealed class ServicePull(PullPlan plan, WindowReader reader, PullInbox inbox, PullMeter meter)
{
    /// <summary>Runs until all is read, or forever when following.</summary>
    /// <exception cref="PullException">The Jaeger refuses, or was away for longer than the options allow.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await foreach (var window in plan.WindowsAsync(cancellationToken))
        {
            await foreach (var part in reader.ReadAsync(window, cancellationToken))
            {
                plan.Read(window, part);
                await inbox.StoreAsync(part, plan.State, cancellationToken);
            }
        }

        await inbox.SaveAsync(plan.State, cancellationToken);
        meter.Now(PullActivity.Finished);
    }
}
